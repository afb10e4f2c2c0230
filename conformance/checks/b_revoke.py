"""auth/revoke: the end of tokens."""

from __future__ import annotations

import functools

from conformance import rows
from conformance.checks.b_login import UNKNOWN_REFRESH, asked, log_in, opens, remembered
from conformance.errors import Violation
from conformance.model import Level
from conformance.registry import check
from conformance.target import Target

_revoke = functools.partial(
    check, group="auth/revoke", v1="11.3", v2="11.3", methods=("auth/revoke",)
)


@_revoke(
    "revoke.header-malformed",
    Level.SHALL,
    expects="A header that is not `Bearer …` is refused.",
    mend="Answer 400 `invalid_request`.",
)
async def revoke_header_malformed(target: Target) -> None:
    await rows.malformed_header(target, "auth/revoke", {"token": UNKNOWN_REFRESH})


@_revoke(
    "revoke.header-missing",
    Level.SHALL,
    expects="A call without a header is refused.",
    mend="Answer 400 `invalid_request`.",
)
async def revoke_header_missing(target: Target) -> None:
    await rows.missing_header(target, "auth/revoke", {"token": UNKNOWN_REFRESH})


@_revoke(
    "revoke.token-missing",
    Level.SHALL,
    expects="A call without `token` is refused.",
    mend="Answer 400 `invalid_request`, `Missing (or invalid type) string parameter token`.",
)
async def token_missing(target: Target) -> None:
    answer = await target.call("auth/revoke", {})
    answer.refused("Missing (or invalid type) string parameter token")


@_revoke(
    "revoke.token-type",
    Level.SHALL,
    expects="A `token` that is no text is refused.",
    mend="Answer 400 `invalid_request`, `Missing (or invalid type) string parameter token`.",
)
async def token_type(target: Target) -> None:
    answer = await target.call("auth/revoke", {"token": ["a"]})
    answer.refused("Missing (or invalid type) string parameter token")


@_revoke(
    "revoke.hint-unknown",
    Level.SHALL,
    expects="A `token_type_hint` other than access_token and refresh_token is refused.",
    mend="Answer 400 `invalid_request`, `Invalid string parameter token_type_hint`.",
)
async def hint_unknown(target: Target) -> None:
    body = {"token": UNKNOWN_REFRESH, "token_type_hint": "cookie"}
    answer = await target.call("auth/revoke", body)
    answer.refused("Invalid string parameter token_type_hint")


@_revoke(
    "revoke.token-unknown",
    Level.SHALL,
    expects="A token that was never given out is refused (not as in RFC 7009).",
    mend="Answer 400 `invalid_request`, `Invalid string parameter token`.",
)
async def token_unknown(target: Target) -> None:
    answer = await target.call("auth/revoke", {"token": UNKNOWN_REFRESH})
    answer.refused("Invalid string parameter token")


@_revoke(
    "revoke.no-content",
    Level.SHALL,
    expects="A token that is revoked is answered with 204, without a body.",
    mend="Answer 204.",
)
async def no_content(target: Target) -> None:
    token = str((await log_in(target)).member("access_token", str))
    (await target.call("auth/revoke", {"token": token})).emptied()


@_revoke(
    "revoke.access-token",
    Level.SHALL,
    expects="A revoked access token is refused at once.",
    mend="Answer 401 `expired_token` to whoever uses the token afterwards.",
)
async def access_token(target: Target) -> None:
    token = str((await log_in(target)).member("access_token", str))
    (await target.call("auth/revoke", {"token": token})).done()
    answer = await target.call("credentials/list", {}, token=token)
    answer.refused(status=401, error=("expired_token", "invalid_token"))


@_revoke(
    "revoke.hinted",
    Level.SHALL,
    expects="A token is revoked as well with `token_type_hint`.",
    mend="The hint only says where to look first.",
)
async def hinted(target: Target) -> None:
    token = str((await log_in(target)).member("access_token", str))
    body = {"token": token, "token_type_hint": "access_token", "clientData": "conformance"}
    (await target.call("auth/revoke", body)).done()
    if await opens(target, token):
        raise Violation("the token still opens credentials/list")


@_revoke(
    "revoke.access-keeps-refresh",
    Level.SHALL,
    methods=("auth/login", "auth/revoke"),
    expects="Revoking an access token leaves the refresh token of its grant alive.",
    mend="End the access token alone.",
)
async def access_keeps_refresh(target: Target) -> None:
    grant = await remembered(target)
    (await target.call("auth/revoke", {"token": grant["access_token"]})).done()
    (await asked(target, {"refresh_token": grant["refresh_token"]})).succeeded()


@_revoke(
    "revoke.refresh-token",
    Level.SHALL,
    methods=("auth/login", "auth/revoke"),
    expects="A revoked refresh token gives no further access token.",
    mend="End the refresh token at once.",
)
async def refresh_token(target: Target) -> None:
    grant = await remembered(target)
    (await target.call("auth/revoke", {"token": grant["refresh_token"]})).done()
    answer = await asked(target, {"refresh_token": grant["refresh_token"]})
    if answer.status < 400:
        raise Violation(f"the revoked token is answered with {answer.status}")


@_revoke(
    "revoke.refresh-cascade",
    Level.SHALL,
    methods=("auth/login", "auth/revoke"),
    expects="Revoking a refresh token ends the access tokens of the same grant.",
    mend="End all access tokens that the grant has given.",
)
async def refresh_cascade(target: Target) -> None:
    grant = await remembered(target)
    (await target.call("auth/revoke", {"token": grant["refresh_token"]})).done()
    if await opens(target, str(grant["access_token"])):
        raise Violation("the access token of the grant still opens credentials/list")
