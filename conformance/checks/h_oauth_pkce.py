"""Proof keys: v2 requires them, v1 lets them be (RFC 7636)."""

from __future__ import annotations

import functools
import secrets

from conformance.grants import grants
from conformance.model import Level
from conformance.registry import check
from conformance.target import Target

_authorize = functools.partial(check, group="oauth2/authorize", v2="8.4.2")
_token = functools.partial(check, group="oauth2/token", v2="8.4.4")
_GRANT = "Answer 400 `invalid_grant` (RFC 7636 4.6)."


@_authorize(
    "oauth.pkce-missing",
    Level.SHALL,
    expects="A request without `code_challenge` is refused with `invalid_request`.",
    mend="v2 requires PKCE of every client: tell it by redirect (RFC 7636 4.4.1).",
)
async def missing(target: Target) -> None:
    found = await grants(target)
    changes = {"code_challenge": None, "code_challenge_method": None}
    (await found.attempt(found.request(changes=changes))).refused("invalid_request")


@_authorize(
    "oauth.pkce-method",
    Level.SHALL,
    expects="An unknown `code_challenge_method` is refused with `invalid_request`.",
    mend="Tell the client by redirect (RFC 7636 4.4.1).",
)
async def method(target: Target) -> None:
    found = await grants(target)
    changes = {"code_challenge_method": "S257"}
    (await found.attempt(found.request(changes=changes))).refused("invalid_request")


@_token(
    "oauth.pkce-verifier",
    Level.SHALL,
    expects="A code is not redeemed with another `code_verifier`.",
    mend=_GRANT,
)
async def verifier(target: Target) -> None:
    found = await grants(target)
    answer = await found.redeem(await found.code(), code_verifier=secrets.token_urlsafe(32))
    answer.refused(error="invalid_grant")


@_token(
    "oauth.pkce-verifier-missing",
    Level.SHALL,
    expects="A code is not redeemed without `code_verifier`.",
    mend=_GRANT,
)
async def verifier_missing(target: Target) -> None:
    found = await grants(target)
    answer = await found.redeem(await found.code(), code_verifier=None)
    answer.refused(error=("invalid_grant", "invalid_request"))


@check(
    "oauth.pkce-v1",
    Level.OURS,
    group="oauth2/token",
    v1="RFC 7636 4.6",
    expects="A challenge that a client sends in v1 binds the code as well.",
    mend="Keep `code_challenge` where it is sent, and compare it at the token endpoint.",
)
async def in_v1(target: Target) -> None:
    found = await grants(target)
    answer = await found.redeem(
        await found.code(pkce=True), code_verifier=secrets.token_urlsafe(32)
    )
    answer.refused(error="invalid_grant")
