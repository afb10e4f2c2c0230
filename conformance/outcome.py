"""How an authorization request ended, and what a check may ask of that.

A refusal counts wherever the client is told: in the redirect, or in the answer to a pushed request.
(v1 8.3.2; v2 8.4.2, 8.4.3; RFC 6749 4.1.2.1)
"""

from __future__ import annotations

from dataclasses import dataclass

from conformance.answer import Answer
from conformance.browser import Arrival
from conformance.errors import Violation


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an authorization request ended, wherever the server said so."""

    arrival: Arrival
    pushed: Answer | None = None
    """The refusal of the pushed request; the browser was not sent then."""

    @property
    def code(self) -> str:
        """The code; empty if there is none."""
        return self.arrival.query.get("code", "")

    @property
    def error(self) -> str:
        """The error that the client is told; empty if it is told none."""
        if self.pushed is not None:
            return str(self.pushed.members.get("error") or "")
        return self.arrival.query.get("error", "")

    def refused(self, *errors: str) -> None:
        """The client is told one of ``errors``; any, if none is named.

        Raises:
            Violation: It is told something else, or gets a code.
        """
        self.denied()
        if not self.error:
            raise Violation(f"the client is told nothing: {ended(self.arrival)}")
        if errors and self.error not in errors:
            raise Violation(f"`error` is {self.error!r}, not {' or '.join(errors)}")

    def denied(self) -> None:
        """There is no code; who is told why is the server's affair.

        Raises:
            Violation: There is one.
        """
        if self.code or "access_token" in self.arrival.fragment:
            raise Violation("the request is granted")


def ended(arrival: Arrival) -> str:
    """Where a visit ended, for sentences."""
    if arrival.uri:
        return f"a redirect with {', '.join(arrival.query) or 'nothing'}"
    title = f" “{arrival.title}”" if arrival.title else ""
    return f"the browser stays at a page{title} (status {arrival.status})"
