"""oauth2/token with a refresh token: for the service alone, and for the client that has it."""

from __future__ import annotations

import functools

from conformance import bearer
from conformance.errors import NotApplicable, Violation
from conformance.grants import grants
from conformance.model import Level
from conformance.registry import check
from conformance.target import Target

_check = functools.partial(check, group="oauth2/token", v1="8.3.3", v2="8.4.4")
_GRANT = "Answer 400 `invalid_grant`."
_INVALID = ("Invalid parameter refresh_token", "Refresh token expired")


@_check(
    "oauth.refresh",
    Level.SHALL,
    expects="A refresh token becomes an access token that the API takes.",
    mend="Answer 200 with `access_token` and `token_type` `Bearer`.",
)
async def refresh(target: Target) -> None:
    found = await grants(target)
    token, _ = await found.refreshable()
    members = (await found.refresh(token)).succeeded()
    if members.member("token_type", str).lower() != "bearer":
        raise Violation(f"`token_type` is {members['token_type']!r}")
    await bearer.alive(target, str(members.member("access_token", str)), "the new access token")


@_check(
    "oauth.refresh-rotation",
    Level.OURS,
    expects="When a new refresh token is given, the old one is dead.",
    mend="Refuse the old one (RFC 9700 4.14.2).",
)
async def rotation(target: Target) -> None:
    found = await grants(target)
    token, _ = await found.refreshable()
    members = (await found.refresh(token)).succeeded()
    if members.get("refresh_token") in (None, token):
        raise NotApplicable("the server keeps the refresh token that there is")
    (await found.refresh(token)).refused(*_INVALID, error="invalid_grant")


@_check(
    "oauth.refresh-missing",
    Level.SHALL,
    expects="The grant `refresh_token` without `refresh_token` is refused.",
    mend="Answer 400 `invalid_request`.",
)
async def missing(target: Target) -> None:
    found = await grants(target)
    found.needs("refresh_token")
    answer = await found.server.token({"grant_type": "refresh_token"})
    answer.refused("Missing parameter refresh_token")


@_check(
    "oauth.refresh-unknown",
    Level.SHALL,
    expects="A refresh token that was never given out is refused with `invalid_grant`.",
    mend=_GRANT,
)
async def unknown(target: Target) -> None:
    found = await grants(target)
    found.needs("refresh_token")
    answer = await found.refresh("conformance-no-such-token")
    answer.refused(*_INVALID, error="invalid_grant")


@_check(
    "oauth.refresh-access-token",
    Level.SHALL,
    expects="An access token is no refresh token.",
    mend=_GRANT,
)
async def access_token(target: Target) -> None:
    found = await grants(target)
    found.needs("refresh_token")
    token = str((await found.tokens()).member("access_token", str))
    (await found.refresh(token)).refused(*_INVALID, error="invalid_grant")


@_check(
    "oauth.refresh-client",
    Level.SHALL,
    expects="A refresh token is good for the client that it was given to, and for no other.",
    mend=_GRANT,
)
async def client(target: Target) -> None:
    found = await grants(target)
    other = found.other()
    token, _ = await found.refreshable()
    (await found.refresh(token, other)).refused(*_INVALID, error="invalid_grant")
