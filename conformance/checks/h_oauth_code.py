"""oauth2/token: a code is good once, for its client and its redirect URI."""

from __future__ import annotations

import functools
import secrets

from conformance import bearer
from conformance.errors import NotApplicable, Violation
from conformance.grants import grants
from conformance.model import Level
from conformance.registry import check
from conformance.target import Target

_check = functools.partial(check, group="oauth2/token", v1="8.3.3", v2="8.4.4")
_DEAD = ("Authorization code is invalid or expired", "Invalid parameter code")
_DIFFERS = "redirect_uri parameter does not match redirect_uri parameter of authorization request"
_GRANT = "Answer 400 `invalid_grant`."


@_check(
    "oauth.code-once",
    Level.SHALL,
    expects="A code is redeemed once.",
    mend=_GRANT,
)
async def once(target: Target) -> None:
    found = await grants(target)
    code = await found.code()
    (await found.redeem(code)).succeeded()
    (await found.redeem(code)).refused(*_DEAD, error="invalid_grant")


@_check(
    "oauth.code-replay",
    Level.SHOULD,
    expects="When a code comes twice, the tokens that it gave are revoked.",
    mend="Somebody has a copy: revoke what was issued (RFC 6749 4.1.2).",
)
async def replay(target: Target) -> None:
    found = await grants(target)
    code = await found.code()
    token = str((await found.redeem(code)).succeeded().member("access_token", str))
    second = await found.redeem(code)
    if second.status == 200:
        raise NotApplicable("the code is taken twice (oauth.code-once)")
    await bearer.dead(target, token, "after the second try of the code")


@_check(
    "oauth.code-client",
    Level.SHALL,
    expects="A code is good for the client that asked for it, and for no other.",
    mend=_GRANT,
)
async def client(target: Target) -> None:
    found = await grants(target)
    other = found.other()
    (await found.redeem(await found.code(), other)).refused(*_DEAD, error="invalid_grant")


@_check(
    "oauth.code-redirect",
    Level.SHALL,
    expects="A code is not redeemed with another `redirect_uri` than it was asked for with.",
    mend=_GRANT,
)
async def redirect(target: Target) -> None:
    found = await grants(target)
    answer = await found.redeem(await found.code(), redirect_uri=f"{found.redirect_uri}/other")
    answer.refused(_DIFFERS, error="invalid_grant")


@_check(
    "oauth.code-redirect-missing",
    Level.SHALL,
    expects="A code is not redeemed without the `redirect_uri` that was in its request.",
    mend=_GRANT,
)
async def redirect_missing(target: Target) -> None:
    found = await grants(target)
    answer = await found.redeem(await found.code(), redirect_uri=None)
    answer.refused(error=("invalid_grant", "invalid_request"))


@_check(
    "oauth.code-unknown",
    Level.SHALL,
    expects="A code that was never given out is refused with `invalid_grant`.",
    mend=_GRANT,
)
async def unknown(target: Target) -> None:
    found = await grants(target)
    form = {
        "grant_type": "authorization_code",
        "code": "conformance-no-such-code",
        "redirect_uri": found.redirect_uri,
        "code_verifier": secrets.token_urlsafe(32),
    }
    (await found.server.token(form)).refused(*_DEAD, error="invalid_grant")


@_check(
    "oauth.code-guessable",
    Level.OURS,
    expects="Codes are long and differ wherever one looks.",
    mend="Make them of 128 random bits and more (RFC 6749 10.10).",
)
async def guessable(target: Target) -> None:
    found = await grants(target)
    one, two = await found.first(), await found.code()
    alike = sum(a == b for a, b in zip(one.text, two.text, strict=False))
    if len(one.text) < 22 or len(two.text) - alike < 16:
        raise Violation(f"codes have {len(one.text)} characters; two of them share {alike}")
