"""What a method answers: status, members, headers; and the refusals that the standard words.

No rule stands here; the texts are those of the error tables (v1 10.1, 11; v2 10.1, 11).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

GENERIC: Final = (
    "The request is missing a required parameter, includes an invalid parameter value, includes a "
    "parameter more than once, or is otherwise malformed."
)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer before it becomes bytes."""

    members: Mapping[str, Any] | None
    """None: no body."""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


class Refused(Exception):
    """The method ends with this answer."""

    def __init__(
        self,
        text: str,
        *,
        error: str = "invalid_request",
        status: int = 400,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(text)
        members = {"error": error, "error_description": text}
        self.reply = Reply(members, status, headers or {})


def generic() -> Refused:
    """``invalid_request`` where no row of a table fits better."""
    return Refused(GENERIC)


def missing(kind: str, name: str) -> Refused:
    """``name`` is not there or of another type; ``kind`` is the standard's word for its type."""
    return Refused(f"Missing (or invalid type) {kind} parameter {name}")


def invalid(name: str) -> Refused:
    """``name`` has a value that is of no use."""
    return Refused(f"Invalid parameter {name}")


def unauthorized(error: str, text: str) -> Refused:
    """401 with the challenge of RFC 6750 3."""
    challenge = {"WWW-Authenticate": f'Bearer realm="csc", error="{error}"'}
    return Refused(text, error=error, status=401, headers=challenge)


def unknown_token() -> Refused:
    """A bearer token that was never handed out."""
    return unauthorized(
        "invalid_token", "The token provided is not a valid OAuth access or refresh token."
    )


def dead_token() -> Refused:
    """A bearer token whose time is over."""
    return unauthorized(
        "expired_token", "The access or refresh token is expired or has been revoked."
    )


def not_implemented() -> Refused:
    """A method of the standard that this server does not have."""
    return Refused("The method is not implemented.", error="not_implemented", status=501)


# What defects do to answers.


def without(*names: str) -> Callable[[Reply], Reply]:
    """Successes lack these members."""

    def change(reply: Reply) -> Reply:
        if reply.status >= 400 or reply.members is None:
            return reply
        kept = {name: value for name, value in reply.members.items() if name not in names}
        return replace(reply, members=kept)

    return change


def having(**members: Any) -> Callable[[Reply], Reply]:
    """Successes hold these members."""

    def change(reply: Reply) -> Reply:
        if reply.status >= 400 or reply.members is None:
            return reply
        return replace(reply, members={**reply.members, **members})

    return change


def refusing(text: str, **other: Any) -> Callable[[Reply], Reply]:
    """The refusal with ``text`` has another status, ``error`` or ``error_description``."""

    def change(reply: Reply) -> Reply:
        members = dict(reply.members or {})
        if members.get("error_description") != text:
            return reply
        status = other.get("status", reply.status)
        members |= {name: value for name, value in other.items() if name != "status"}
        return replace(reply, status=status, members=members)

    return change


def accepting(text: str, **members: Any) -> Callable[[Reply], Reply]:
    """What was to be refused with ``text`` succeeds with ``members``."""

    def change(reply: Reply) -> Reply:
        if (reply.members or {}).get("error_description") != text:
            return reply
        return Reply(members)

    return change
