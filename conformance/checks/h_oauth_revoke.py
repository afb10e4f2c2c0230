"""oauth2/revoke: the rows of its table, and tokens that are dead at once."""

from __future__ import annotations

import functools
from collections.abc import Mapping

from conformance import bearer
from conformance.answer import Answer
from conformance.errors import NotApplicable
from conformance.grants import Grants, grants
from conformance.model import Level
from conformance.recording import note
from conformance.registry import check
from conformance.target import Target

_check = functools.partial(check, group="oauth2/revoke", v1="8.3.4", v2="8.4.5")
_CLIENT = ("invalid_request", "invalid_client")
_BAD = "Answer 400 `invalid_request` as JSON."
_UNKNOWN = "conformance-no-such-token"


@_check(
    "oauth.revoke",
    Level.SHALL,
    expects="A token that is revoked is answered with 204, without a body.",
    mend="Answer 204.",
)
async def revoke(target: Target) -> None:
    found = await grants(target)
    (await found.server.revoke({"token": await _access(found)})).emptied()


@_check(
    "oauth.revoke-access",
    Level.SHALL,
    expects="A revoked access token is refused at once.",
    mend="Answer 401 `expired_token` to whoever uses the token afterwards.",
)
async def access(target: Target) -> None:
    found = await grants(target)
    token = await _access(found)
    await found.server.revoke({"token": token, "token_type_hint": "access_token"})
    await bearer.dead(target, token, "after its revocation")


@_check(
    "oauth.revoke-refresh",
    Level.SHALL,
    expects="A revoked refresh token gives no further access token.",
    mend="Answer 400 `invalid_grant` to whoever uses it afterwards.",
)
async def refresh(target: Target) -> None:
    found = await grants(target)
    token, _ = await found.refreshable()
    await found.server.revoke({"token": token, "token_type_hint": "refresh_token"})
    (await found.refresh(token)).refused(error="invalid_grant")


async def _cascade(target: Target) -> None:
    found = await grants(target)
    token, members = await found.refreshable()
    await found.server.revoke({"token": token, "token_type_hint": "refresh_token"})
    access_token = str(members.member("access_token", str))
    await bearer.dead(target, access_token, "after the revocation of its refresh token")


check(
    "oauth.revoke-cascade",
    Level.SHALL,
    group="oauth2/revoke",
    v1="8.3.4",
    expects="With a refresh token the access tokens of its grant are revoked.",
    mend="Revoke all tokens that came from the same authorization.",
)(_cascade)
check(
    "oauth.revoke-cascade-v2",
    Level.SHOULD,
    group="oauth2/revoke",
    v2="8.4.5",
    expects="With a refresh token the access tokens of its grant are revoked.",
    mend="Revoke all tokens that came from the same authorization.",
)(_cascade)


@_check(
    "oauth.revoke-hint-wrong",
    Level.OURS,
    expects="A hint of the other kind does not keep a token from being revoked.",
    mend="Look for the token among both kinds (RFC 7009 2.1).",
)
async def hint_wrong(target: Target) -> None:
    found = await grants(target)
    token = await _access(found)
    await found.server.revoke({"token": token, "token_type_hint": "refresh_token"})
    await bearer.dead(target, token, "revoked with the hint refresh_token")


@_check(
    "oauth.revoke-client",
    Level.SHALL,
    expects="A client cannot revoke the tokens of another.",
    mend="Take such a token for an unknown one (RFC 7009 2.1).",
)
async def client(target: Target) -> None:
    found = await grants(target)
    other = found.other()
    token = await _access(found)
    await found.server.revoke({"token": token}, other)
    await bearer.alive(target, token, "after another client tried to revoke it, the token")


@_check(
    "oauth.revoke-token-missing",
    Level.SHALL,
    expects="A form without `token` is refused.",
    mend=_BAD,
)
async def token_missing(target: Target) -> None:
    found = await grants(target)
    answer = await found.server.revoke({"token_type_hint": "access_token"})
    answer.refused("Missing parameter token")


@_check(
    "oauth.revoke-hint-unknown",
    Level.SHALL,
    expects="A `token_type_hint` other than access_token and refresh_token is refused.",
    mend=_BAD,
)
async def hint_unknown(target: Target) -> None:
    found = await grants(target)
    token = await _access(found)
    answer = await found.server.revoke({"token": token, "token_type_hint": "conformance"})
    answer.refused("Invalid parameter token_type_hint")


@_check(
    "oauth.revoke-unknown",
    Level.SHALL,
    expects="A token that was never given out is refused.",
    mend=_BAD,
)
async def unknown(target: Target) -> None:
    found = await grants(target)
    answer = await found.server.revoke({"token": _UNKNOWN})
    if answer.status in (200, 204):
        note(
            f"an unknown token is answered with {answer.status} as in RFC 7009; the table says 400"
        )
        return
    answer.refused("Invalid string parameter token")


@_check(
    "oauth.revoke-client-missing",
    Level.SHALL,
    expects="A form without `client_id`, and without a header, is refused.",
    mend="Answer 400 or 401 `invalid_request`.",
)
async def client_missing(target: Target) -> None:
    found = await grants(target)
    answer = await _bare(found, {"token": _UNKNOWN})
    answer.refused("Missing parameter client_id", status=(400, 401), error=_CLIENT)


@_check(
    "oauth.revoke-client-unknown",
    Level.SHALL,
    expects="An unknown `client_id` is refused.",
    mend=_BAD,
)
async def client_unknown(target: Target) -> None:
    found = await grants(target)
    form = {"client_id": "conformance-no-such-client", "client_secret": "conformance-no-secret"}
    answer = await _bare(found, {"token": _UNKNOWN, **form})
    answer.refused("Invalid parameter client_id", status=(400, 401), error=_CLIENT)


@_check(
    "oauth.revoke-unproved",
    Level.SHALL,
    expects="A client that has to prove itself and does not is refused.",
    mend="Answer 400 or 401 `invalid_request`.",
)
async def unproved(target: Target) -> None:
    found = await grants(target)
    if found.server.identity.method in ("none", "tls"):
        raise NotApplicable("the profile's client needs no proof in its forms")
    form = {"token": _UNKNOWN, "client_id": found.server.identity.client_id}
    answer = await _bare(found, form)
    answer.refused("Client authorization required", status=(400, 401), error=_CLIENT)


@_check(
    "oauth.revoke-secret-wrong",
    Level.SHALL,
    expects="A wrong secret is refused.",
    mend=_BAD,
)
async def secret_wrong(target: Target) -> None:
    found = await grants(target)
    answer = await found.server.revoke({"token": _UNKNOWN}, found.wrong_secret())
    answer.refused("Invalid parameter client_secret", status=(400, 401), error=_CLIENT)


@_check(
    "oauth.revoke-header",
    Level.SHALL,
    expects="An Authorization header that cannot be read is refused with 401 `invalid_client`.",
    mend="Answer 401 `invalid_client`.",
)
async def header(target: Target) -> None:
    found = await grants(target)
    answer = await _bare(found, {"token": _UNKNOWN}, {"Authorization": "Basic conformance!"})
    answer.refused("Invalid authorization header", status=401, error="invalid_client")


async def _bare(
    found: Grants, form: Mapping[str, str], headers: Mapping[str, str] | None = None
) -> Answer:
    """The answer to exactly this form, without any proof."""
    if not found.server.endpoints.revoke:
        raise NotApplicable("no endpoint for revocation is announced")
    return await found.server.post(found.server.endpoints.revoke, form, headers)


async def _access(found: Grants) -> str:
    return str((await found.fresh_tokens()).member("access_token", str))
