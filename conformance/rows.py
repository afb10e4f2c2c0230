"""Rows of the error tables that every method has: the Authorization header and the credential.

Used by the checks of each group, which say for which method and body.
"""

from __future__ import annotations

from typing import Any

from conformance.errors import NotApplicable, NotRun
from conformance.model import Version
from conformance.recording import note
from conformance.target import Target

UNKNOWN_TOKEN = "conformance-no-such-token"  # noqa: S105 - nobody's token
UNKNOWN_CREDENTIAL = "conformance-no-such-credential"


def needs_token(target: Target) -> None:
    """Raises:
    NotApplicable: The server is called without tokens, so none can be wrong.
    """
    if target.profile.service.kind == "none":
        raise NotApplicable("calls need no token here")


async def malformed_header(target: Target, method: str, body: dict[str, Any]) -> None:
    """A header that is not ``Bearer …`` is 400 ``invalid_request`` (first row of each table)."""
    needs_token(target)
    headers = {"Authorization": f"Token {UNKNOWN_TOKEN}", "Content-Type": "application/json"}
    answer = await target.client.post(f"{target.url}/{method}", body, headers)
    answer.refused(target.names.malformed_bearer)


async def missing_header(target: Target, method: str, body: dict[str, Any]) -> None:
    """Without a header it is the same row; many servers answer 401, which is noted."""
    needs_token(target)
    answer = await target.client.post(f"{target.url}/{method}", body)
    answer.refused(status=(400, 401), error=("invalid_request", "invalid_token", "access_denied"))
    if answer.status == 401:
        note("a missing header is answered with 401; the table says 400 invalid_request")


async def unknown_token(target: Target, method: str, body: dict[str, Any]) -> None:
    """A token never given out is 401 ``invalid_token``; the pairing is open before v2.1."""
    needs_token(target)
    answer = await target.call(method, body, token=UNKNOWN_TOKEN)
    if target.version is Version.V21:
        answer.refused(status=401, error="invalid_token")
        return
    answer.refused(status=(400, 401, 403), error=("invalid_token", "expired_token"))
    if answer.status != 401:
        note(f"an unknown token is answered with {answer.status}; 401 is what clients expect")


async def foreign_credential(target: Target) -> str:
    """A credential of somebody else.

    Raises:
        NotRun: Nobody else is known.
    """
    if target.profile.approval.foreign:
        return target.profile.approval.foreign
    token = await target.other_token()
    answer = await target.call("credentials/list", {}, token=token)
    theirs = answer.succeeded().texts("credentialIDs") or []
    if not theirs:
        raise NotRun("the second person has no credential")
    return theirs[0]
