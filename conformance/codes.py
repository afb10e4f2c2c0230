"""Authorization codes: what a request for one may hold, and what it takes to use it.

Values and their forms only; who asks for codes is ``grants``. (RFC 6749 4.1; RFC 7636 4)
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from conformance.browser import Arrival
from conformance.errors import NotRun, Violation
from conformance.outcome import Outcome, ended

Changes = Mapping[str, str | None]
"""To parameters of a good request; None leaves one out."""
ODD_STATE: Final = "a b+c/d=e&f%20g?h#i~" + "x" * 100
"""All that may go wrong on the way through two queries; below the 255 bytes that are allowed."""


@dataclass(frozen=True, slots=True)
class Code:
    """An authorization code that has not been used, and what it takes to use it."""

    text: str
    redirect_uri: str
    """As it was sent; empty if it was not."""
    verifier: str
    """Empty: no PKCE."""
    arrival: Arrival


def good(outcome: Outcome, verifier: str, redirect_uri: str) -> Code:
    """The code that a good request has to end with."""
    arrival = outcome.arrival
    if outcome.pushed is not None:
        raise Violation(f"the pushed request is answered {outcome.pushed.summary()}")
    if not arrival.uri and arrival.status < 400:
        raise NotRun(f"no step of the profile fits: {ended(arrival)}")
    if not outcome.code:
        raise Violation(f"a good request gives no code: {outcome.error or ended(arrival)}")
    return Code(outcome.code, redirect_uri, verifier, arrival)


def given(parameters: Changes) -> dict[str, str]:
    """Those that are not left out."""
    return {name: value for name, value in parameters.items() if value is not None}


def challenge(verifier: str) -> str:
    """S256 of a verifier (RFC 7636 4.2)."""
    return b64url(hashlib.sha256(verifier.encode()).digest())


def b64url(data: bytes) -> str:
    """As hashes travel in a query: without padding."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
