"""Credential tokens: what they say, what they sign, and what they are no good for."""

from __future__ import annotations

import functools

from conformance import approvals
from conformance.answer import Answer
from conformance.approvals import Approved
from conformance.dialect import encoded
from conformance.errors import NotApplicable, NotRun, Violation
from conformance.grants import blamed, grants
from conformance.model import Level
from conformance.registry import check
from conformance.target import Target, signatures

_both = functools.partial(check, v1="8.3.3", v2="8.4.4")
_token = functools.partial(_both, group="oauth2/token")
_sign = functools.partial(check, group="signatures/signHash", methods=("signatures/signHash",))
_signs = functools.partial(_sign, v1="11.9", v2="11.10")
_UNAUTHORIZED = "Hash is not authorized by the SAD."


@_token(
    "oauth.credential-token",
    Level.SHALL,
    expects="`token_type` of a credential token is `SAD` in v1 and `Bearer` in v2.",
    mend="Answer with the type that the version names.",
)
async def token(target: Target) -> None:
    approved = await blamed(target, approvals.SHARED, approvals.shared(target))
    wanted = "SAD" if target.names.major == 1 else "Bearer"
    found = approved.members.member("token_type", str)
    if found.lower() != wanted.lower():
        raise Violation(f"`token_type` is {found!r}, not {wanted!r}")


@_token(
    "oauth.credential-token-fields",
    Level.SHALL,
    expects="`expires_in` of a credential token is a Number above 0, where it is.",
    mend="Seconds as a JSON number.",
)
async def token_fields(target: Target) -> None:
    members = (await approvals.shared(target)).members
    seconds = members.member("expires_in", int, required=False)
    if seconds is not None and seconds <= 0:
        raise Violation(f"`expires_in` is {seconds}")


@_token(
    "oauth.credential-refresh",
    Level.SHALL,
    expects="No refresh token comes with a credential token.",
    mend="Leave `refresh_token` out: it is for scope `service` alone.",
)
async def no_refresh(target: Target) -> None:
    members = (await approvals.shared(target)).members
    members.absent("refresh_token", "beside a token of scope credential")


@_token(
    "oauth.credential-refreshed",
    Level.SHALL,
    expects="A credential token is not refreshed.",
    mend="Answer 400 `invalid_grant`.",
)
async def refreshed(target: Target) -> None:
    approved = await approvals.shared(target)
    answer = await (await grants(target)).refresh(approved.token)
    if answer.status < 400:
        target.once.forget(approvals.SHARED)
    answer.refused(error=("invalid_grant", "unauthorized_client"))


@check(
    "oauth.credential-token-lists-not",
    Level.OURS,
    group="oauth2/token",
    v1="8.3.3",
    v2="8.3",
    methods=("credentials/list",),
    expects="A credential token is not taken as one for the service.",
    mend="Answer 401: it allows signatures with its credential, and nothing else.",
)
async def lists_not(target: Target) -> None:
    approved = await approvals.shared(target)
    answer = await target.call("credentials/list", {}, token=approved.token)
    if answer.status < 400:
        raise Violation("credentials/list answers to it")


@check(
    "oauth.credential-token-informs",
    Level.SHALL,
    group="credentials/info",
    v2="8.3",
    methods=("credentials/info",),
    expects="A credential token is good for credentials/info of its credential.",
    mend="Take it in the Authorization header there.",
)
async def informs(target: Target) -> None:
    approved = await approvals.shared(target)
    body = {"credentialID": approved.credential.id}
    (await target.call("credentials/info", body, token=approved.token)).succeeded()


@_signs(
    "oauth.sign-other-credential",
    Level.SHALL,
    expects="A credential token signs with no other credential.",
    mend="Answer 400 `invalid_request`.",
)
async def other_credential(target: Target) -> None:
    approved = await approvals.shared(target)
    others = [one for one in await target.credentials() if one.id != approved.credential.id]
    usable = [one for one in others if one.enabled and one.sign_algo]
    if not usable:
        raise NotRun("there is no second credential")
    other = {"credentialID": usable[0].id, "signAlgo": usable[0].sign_algo}
    answer = await _sign_with(target, approved, **other)
    if answer.status < 400:
        target.once.forget(approvals.SHARED)
    answer.refused(status=(400, 401), error=("invalid_request", "unauthorized_client"))


@_signs(
    "oauth.sign-other-hash",
    Level.SHALL,
    expects="A credential token signs no hash that was not in the authorization.",
    mend="Answer 400 `invalid_request`, `Hash is not authorized by the SAD.`",
)
async def other_hash(target: Target) -> None:
    approved = await approvals.shared(target)
    if not approved.credential.binds_hashes:
        raise NotApplicable("the credential has SCAL 1")
    (digest,) = encoded(target.digests())
    answer = await _sign_with(target, approved, **{target.names.hashes: [digest]})
    if answer.status < 400:
        target.once.forget(approvals.SHARED)
    answer.refused(_UNAUTHORIZED)


@_signs(
    "oauth.sign",
    Level.SHALL,
    expects="An authorization by OAuth signs its hash: v1 with the token as SAD, v2 as bearer.",
    mend="v1: take the token as `SAD`. v2: take it in the Authorization header, without `SAD`.",
)
async def signs(target: Target) -> None:
    _, answer = await blamed(target, approvals.SIGNED, approvals.signed(target))
    signatures(answer, 1)


@_signs(
    "oauth.sign-once",
    Level.SHALL,
    expects="An authorization for one signature gives no second one.",
    mend="Count the signatures of a credential token.",
)
async def signs_once(target: Target) -> None:
    approved, answer = await approvals.signed(target)
    if answer.status != 200:
        raise NotRun("there is no first signature")
    again = await _sign_with(target, approved)
    if again.status < 400:
        raise Violation("the same hash is signed twice for an authorization of one signature")
    errors = ("invalid_request", "expired_token", "invalid_token")
    again.refused(status=(400, 401), error=errors)


@_sign(
    "oauth.sign-as-sad",
    Level.SHALL,
    v2="11.10",
    expects="In v2 a credential token still may be sent as `SAD`, beside a service token.",
    mend="Take the token in `SAD` as well, for clients of v1.",
)
async def signs_as_sad(target: Target) -> None:
    approved = await approvals.spend(target)
    answer = await target.sign(approved.authorized(1))
    signatures(answer, 1)


async def _sign_with(target: Target, approved: Approved, **changes: object) -> Answer:
    return await target.sign(approved.authorized(target.names.major), changes)
