"""oauth2/token: the answer to a code, and the rows of the table of errors."""

from __future__ import annotations

import functools

from conformance import bearer
from conformance.errors import NotApplicable, Violation
from conformance.grants import TOKENS, Grants, blamed, grants
from conformance.model import Level
from conformance.recording import note
from conformance.registry import check
from conformance.target import Target

_check = functools.partial(check, group="oauth2/token", v1="8.3.3", v2="8.4.4")
_CLIENT = ("invalid_request", "invalid_client")
"""RFC 6749 5.2 has the second; both are in the field (csc-api 5.4)."""
_BAD = "Answer 400 `invalid_request` as JSON."


@_check(
    "oauth.token",
    Level.SHALL,
    expects="A code becomes an access token: 200, `access_token`, `token_type` `Bearer`.",
    mend="Answer 200 with a JSON object that has both members.",
)
async def token(target: Target) -> None:
    members = await blamed(target, TOKENS, (await grants(target)).tokens())
    members.member("access_token", str)
    kind = members.member("token_type", str)
    if kind.lower() != "bearer":
        raise Violation(f"`token_type` is {kind!r}")
    if kind != "Bearer":
        note(f"`token_type` is written {kind!r}")


@_check(
    "oauth.token-fields",
    Level.SHALL,
    expects="`expires_in` is a Number above 0 and `refresh_token` a String, where they are.",
    mend="Seconds as a JSON number; leave out what there is not.",
)
async def token_fields(target: Target) -> None:
    members = await (await grants(target)).tokens()
    members.member("refresh_token", str, required=False)
    seconds = members.member("expires_in", int, required=False)
    if seconds is not None and seconds <= 0:
        raise Violation(f"`expires_in` is {seconds}")
    if seconds is None:
        note("`expires_in` is missing: clients take it for 3600")


@_check(
    "oauth.token-serves",
    Level.SHALL,
    expects="The access token is taken by the API.",
    mend="Accept it in `Authorization: Bearer …`.",
)
async def token_serves(target: Target) -> None:
    members = await (await grants(target)).tokens()
    await bearer.alive(target, str(members.member("access_token", str)), "the access token")


@_check(
    "oauth.refresh-token-serves-not",
    Level.OURS,
    expects="A refresh token is not taken by the API as an access token.",
    mend="Answer 401 `invalid_token`.",
)
async def refresh_token_serves_not(target: Target) -> None:
    members = await (await grants(target)).tokens()
    if members.get("refresh_token") is None:
        raise NotApplicable("the server gives no refresh token")
    await bearer.dead(target, str(members.member("refresh_token", str)), "as an access token")


@_check(
    "oauth.token-json",
    Level.SHALL,
    expects="Answers of the token endpoint, with tokens or an error, are application/json.",
    mend="Send `Content-Type: application/json`.",
)
async def token_json(target: Target) -> None:
    found = await grants(target)
    refused = await found.server.token({"grant_type": "conformance"})
    for answer in (refused, await found.redeem(await found.code())):
        if answer.media_type != "application/json":
            kind = answer.header("Content-Type") or "missing"
            raise Violation(f"{answer.status} has Content-Type {kind!r}")


@_check(
    "oauth.token-cache",
    Level.OURS,
    expects="Answers with tokens are not kept by caches.",
    mend="Send `Cache-Control: no-store` (RFC 6749 5.1).",
)
async def token_cache(target: Target) -> None:
    found = await grants(target)
    answer = await found.redeem(await found.code())
    answer.succeeded()
    if "no-store" not in answer.header("Cache-Control").lower():
        raise Violation(f"Cache-Control is {answer.header('Cache-Control') or 'missing'!r}")


@_check(
    "oauth.token-get",
    Level.OURS,
    expects="The token endpoint answers no GET with tokens.",
    mend="Answer 405: parameters of a GET end in logs (RFC 6749 3.2).",
)
async def token_get(target: Target) -> None:
    found = await grants(target)
    answer = await found.server.client.request("GET", found.server.endpoints.token)
    if answer.status < 400:
        raise Violation(f"GET is answered with {answer.status}")


@_check(
    "oauth.token-parameter-twice",
    Level.OURS,
    expects="A parameter that stands twice in the form is refused.",
    mend=_BAD,
)
async def parameter_twice(target: Target) -> None:
    found = await grants(target)
    form = {"grant_type": "authorization_code", "code": "conformance-no-such-code"}
    whole, headers = found.server.identity.prove(form, found.server.endpoints.audience)
    pairs = [*whole.items(), ("code", "conformance-no-other-code")]
    answer = await found.server.post(found.server.endpoints.token, pairs, headers)
    answer.refused()


@_check(
    "oauth.client-id-missing",
    Level.SHALL,
    expects="A form without `client_id`, and without a header, is refused.",
    mend=_BAD,
)
async def client_id_missing(target: Target) -> None:
    found = await grants(target)
    answer = await found.server.post(found.server.endpoints.token, _unknown_code(found))
    answer.refused("Missing parameter client_id", status=(400, 401), error=_CLIENT)


@_check(
    "oauth.client-id-unknown",
    Level.SHALL,
    expects="An unknown `client_id` is refused.",
    mend=_BAD,
)
async def client_id_unknown(target: Target) -> None:
    found = await grants(target)
    form = {**_unknown_code(found), "client_id": "conformance-no-such-client"}
    answer = await found.server.post(
        found.server.endpoints.token, {**form, "client_secret": "conformance-no-secret"}
    )
    answer.refused("Invalid parameter client_id", status=(400, 401), error=_CLIENT)


@_check(
    "oauth.client-unproved",
    Level.SHALL,
    expects="A client that has to prove itself and does not is refused.",
    mend="Answer 400 or 401 `invalid_request`.",
)
async def client_unproved(target: Target) -> None:
    found = await grants(target)
    if found.server.identity.method in ("none", "tls"):
        raise NotApplicable("the profile's client needs no proof in its forms")
    form = {**_unknown_code(found), "client_id": found.server.identity.client_id}
    answer = await found.server.post(found.server.endpoints.token, form)
    answer.refused("Client authorization required", status=(400, 401), error=_CLIENT)


@_check(
    "oauth.secret-wrong",
    Level.SHALL,
    expects="A wrong secret is refused.",
    mend=_BAD,
)
async def secret_wrong(target: Target) -> None:
    found = await grants(target)
    answer = await found.server.token(_unknown_code(found), found.wrong_secret())
    answer.refused("Invalid parameter client_secret", status=(400, 401), error=_CLIENT)


@_check(
    "oauth.grant-type-missing",
    Level.SHALL,
    expects="A form without `grant_type` is refused.",
    mend=_BAD,
)
async def grant_type_missing(target: Target) -> None:
    found = await grants(target)
    answer = await found.server.token({"code": "conformance-no-such-code"})
    answer.refused("Missing parameter grant_type")


@_check(
    "oauth.grant-type-unknown",
    Level.SHALL,
    expects="An unknown `grant_type` is refused.",
    mend=_BAD,
)
async def grant_type_unknown(target: Target) -> None:
    found = await grants(target)
    answer = await found.server.token({"grant_type": "conformance"})
    answer.refused(
        "Invalid parameter grant_type", error=("invalid_request", "unsupported_grant_type")
    )
    if answer.members.get("error") != "invalid_request":
        note("`error` is unsupported_grant_type as in RFC 6749; the table says invalid_request")


@_check(
    "oauth.password-grant",
    Level.OURS,
    expects="The password grant is refused.",
    mend="Take it out: the API has auth/login for passwords (RFC 9700 2.4).",
)
async def password_grant(target: Target) -> None:
    found = await grants(target)
    service = target.profile.service
    form = {"username": service.username or "conformance", "password": service.password or "none"}
    answer = await found.server.token({"grant_type": "password", **form})
    if answer.status < 400:
        raise Violation(f"it is answered with {answer.status}")


@_check(
    "oauth.code-missing",
    Level.SHALL,
    expects="The grant `authorization_code` without `code` is refused.",
    mend=_BAD,
)
async def code_missing(target: Target) -> None:
    found = await grants(target)
    found.needs("authorization_code")
    answer = await found.server.token({"grant_type": "authorization_code"})
    answer.refused("Missing parameter code")


def _unknown_code(found: Grants) -> dict[str, str]:
    return {
        "grant_type": "authorization_code",
        "code": "conformance-no-such-code",
        "redirect_uri": found.redirect_uri,
    }
