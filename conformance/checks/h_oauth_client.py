"""Clients that speak for themselves, and clients that prove themselves with a key.

The text names client assertions and leaves the rest to RFC 7521; the rules tried here are those of
RFC 7523 3.
"""

from __future__ import annotations

import functools
import time
from typing import Any

from conformance import bearer, identity
from conformance.answer import Answer
from conformance.errors import NotApplicable, NotRun, Violation
from conformance.grants import Grants, grants
from conformance.identity import Identity
from conformance.model import Level
from conformance.registry import check
from conformance.target import Target

_own = functools.partial(check, group="oauth2/token", v1="8.3.3", v2="8.4.4")
_key = functools.partial(check, group="oauth2/token", v1="RFC 7523 3", v2="RFC 7523 3")
_ERRORS = ("invalid_client", "invalid_request", "invalid_grant")
_MEND = "Answer 401 `invalid_client`."


@_own(
    "oauth.client-credentials",
    Level.SHALL,
    expects="Client credentials become an access token that the API takes.",
    mend="Answer 200 with `access_token` and `token_type` `Bearer`.",
)
async def client_credentials(target: Target) -> None:
    members = (await _by_itself(target)).succeeded()
    if members.member("token_type", str).lower() != "bearer":
        raise Violation(f"`token_type` is {members['token_type']!r}")
    await bearer.alive(target, str(members.member("access_token", str)), "the access token")


@_own(
    "oauth.client-credentials-refresh",
    Level.OURS,
    expects="Client credentials give no refresh token.",
    mend="Leave it out: the client can come again at any time (RFC 6749 4.4.3).",
)
async def client_credentials_refresh(target: Target) -> None:
    (await _by_itself(target)).succeeded().absent("refresh_token", "beside client credentials")


async def _by_itself(target: Target) -> Answer:
    found = await grants(target)
    types = target.described().get("authType")
    if not isinstance(types, list) or "oauth2client" not in types:
        raise NotApplicable("info.authType has no oauth2client")
    oauth = target.profile.oauth
    if "client_credentials" not in oauth.grants and oauth.key_client_id:
        return await found.own_token((await _keyed(target))[1])
    found.needs("client_credentials")
    return await found.own_token()


@_key(
    "oauth.assertion",
    Level.SHALL,
    expects="A client that is registered with a key proves itself with an assertion.",
    mend="Take `client_assertion` in place of a secret.",
)
async def assertion(target: Target) -> None:
    found, client = await _keyed(target)
    (await found.own_token(client)).succeeded().member("access_token", str)


@_key(
    "oauth.assertion-key",
    Level.SHALL,
    expects="An assertion that another key signed is refused.",
    mend=_MEND,
)
async def assertion_key(target: Target) -> None:
    found, client = await _keyed(target)
    _refused(await found.own_token(client.with_other_key()))


@_key(
    "oauth.assertion-audience",
    Level.OURS,
    expects="An assertion for another server is refused.",
    mend=_MEND,
)
async def assertion_audience(target: Target) -> None:
    found, client = await _keyed(target)
    _refused(await _with(found, client, aud="https://conformance.invalid/"))


@_key(
    "oauth.assertion-expired",
    Level.OURS,
    expects="An assertion whose time is over is refused.",
    mend=_MEND,
)
async def assertion_expired(target: Target) -> None:
    found, client = await _keyed(target)
    then = int(time.time()) - 3600
    _refused(await _with(found, client, iat=then - 60, exp=then))


@_key(
    "oauth.assertion-endless",
    Level.OURS,
    expects="An assertion without `exp` is refused.",
    mend=_MEND,
)
async def assertion_endless(target: Target) -> None:
    found, client = await _keyed(target)
    _refused(await _with(found, client, exp=None))


@_key(
    "oauth.assertion-subject",
    Level.OURS,
    expects="An assertion about another client is refused.",
    mend=_MEND,
)
async def assertion_subject(target: Target) -> None:
    found, client = await _keyed(target)
    _refused(await _with(found, client, sub="conformance-no-such-client"))


@_key(
    "oauth.assertion-replay",
    Level.OURS,
    expects="An assertion is good once.",
    mend="Keep its `jti` until it expires, and refuse it meanwhile.",
)
async def assertion_replay(target: Target) -> None:
    found, client = await _keyed(target)
    text = client.assertion(found.server.endpoints.audience)
    (await _send(found, client, text)).succeeded()
    _refused(await _send(found, client, text))


async def _keyed(target: Target) -> tuple[Grants, Identity]:
    found = await grants(target)
    client = identity.keyed(target.profile.oauth, found.server.endpoints.signing_algorithms)
    if client is None:
        raise NotRun("the profile names no client with a key (key_client_id)")
    return found, client


async def _with(found: Grants, client: Identity, **changes: Any) -> Answer:
    return await _send(found, client, client.assertion(found.server.endpoints.audience, **changes))


async def _send(found: Grants, client: Identity, text: str) -> Answer:
    form = {"grant_type": "client_credentials", "client_id": client.client_id}
    return await found.server.post(found.server.endpoints.token, form | identity.asserted(text))


def _refused(answer: Answer) -> None:
    answer.refused(status=(400, 401), error=_ERRORS)
