"""How defects of the authorization server are written down; the defects are in ``defects``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from conformance.model import Version
from tests.conformance.reference.defects import Defect
from tests.conformance.reference.replies import Reply, having

TOKEN: Final = "oauth2/token"
REVOKE: Final = "oauth2/revoke"
PUSH: Final = "oauth2/pushed_authorize"


def switch(
    name: str, checks: str | tuple[str, ...], versions: tuple[Version, ...], what: str
) -> Defect:
    """A switch in the server."""
    return Defect(name, (checks,) if isinstance(checks, str) else checks, versions, what)


def says(
    name: str,
    checks: str | tuple[str, ...],
    versions: tuple[Version, ...],
    what: str,
    method: str,
    change: Callable[[Reply], Reply],
) -> Defect:
    """A change of what one endpoint answers."""
    named = (checks,) if isinstance(checks, str) else checks
    return Defect(name, named, versions, what, method, change)


def headers(**headers: str) -> Callable[[Reply], Reply]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda reply: replace(reply, headers={**reply.headers, **named})


def where(kind: str, **members: Any) -> Callable[[Reply], Reply]:
    """Answers of this ``token_type`` hold ``members``."""

    def change(reply: Reply) -> Reply:
        if (reply.members or {}).get("token_type") != kind:
            return reply
        return having(**members)(reply)

    return change


def typed_by_life(reply: Reply) -> Reply:
    """Credential tokens of v2, which live shorter than the others, are called SAD."""
    members = reply.members or {}
    return having(token_type="SAD")(reply) if members.get("expires_in") == 300 else reply
