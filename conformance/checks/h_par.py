"""oauth2/pushed_authorize: the request goes to the server first, the browser brings a reference."""

from __future__ import annotations

import functools

from conformance.answer import Answer
from conformance.codes import challenge, good
from conformance.errors import NotApplicable, Violation
from conformance.grants import Grants, grants
from conformance.model import Level
from conformance.registry import check
from conformance.target import Target

_check = functools.partial(check, group="oauth2/pushed_authorize", v2="8.4.3")
_rfc = functools.partial(check, group="oauth2/pushed_authorize", v2="RFC 9126 2")
_CLIENT = ("invalid_client", "invalid_request", "unauthorized_client")
_VERIFIER = "conformance-verifier-of-pushed-requests-0123456789"
_REFUSE = "Answer 400 `invalid_request` as JSON."


async def _found(target: Target) -> Grants:
    found = await grants(target)
    if not found.server.endpoints.pushed:
        raise NotApplicable("no endpoint for pushed requests is announced")
    return found


async def _push(found: Grants, **changes: str | None) -> Answer:
    return await found.server.push(found.request(_VERIFIER, changes))


async def _uri(found: Grants) -> str:
    """A reference to a good request."""
    return str((await _push(found)).succeeded(201, 200).member("request_uri", str))


@_check(
    "par.created",
    Level.SHALL,
    expects="A good request is answered with 201, `request_uri` and `expires_in`.",
    mend="Answer 201 with both members.",
)
async def created(target: Target) -> None:
    members = (await _push(await _found(target))).succeeded(201)
    members.member("request_uri", str)
    if members.member("expires_in", int) <= 0:
        raise Violation(f"`expires_in` is {members['expires_in']}")


@_check(
    "par.cache",
    Level.SHALL,
    expects="The answer is not kept by caches.",
    mend="Send `Cache-Control: no-cache, no-store`.",
)
async def cache(target: Target) -> None:
    answer = await _push(await _found(target))
    answer.succeeded(201, 200)
    if "no-store" not in answer.header("Cache-Control").lower():
        raise Violation(f"Cache-Control is {answer.header('Cache-Control') or 'missing'!r}")


@_check(
    "par.works",
    Level.SHALL,
    expects="With `client_id` and `request_uri` alone the authorization takes place.",
    mend="Take all other parameters from the pushed request.",
)
async def works(target: Target) -> None:
    found = await _found(target)
    outcome = await found.pushed(await _uri(found))
    code = good(outcome, _VERIFIER, found.redirect_uri)
    (await found.redeem(code)).succeeded().member("access_token", str)


@_rfc(
    "par.once",
    Level.OURS,
    expects="A `request_uri` is good for one authorization.",
    mend="Forget the request once a browser has brought its reference (RFC 9126 7.3).",
)
async def once(target: Target) -> None:
    found = await _found(target)
    uri = await _uri(found)
    if not (await found.pushed(uri)).code:
        raise NotApplicable("it is not good even once (par.works)")
    if (await found.pushed(uri)).code:
        raise Violation("the same `request_uri` gives a second code")


@_rfc(
    "par.unknown",
    Level.SHALL,
    expects="A `request_uri` that was never given out gives no code.",
    mend="Show the person an error page.",
)
async def unknown(target: Target) -> None:
    found = await _found(target)
    if (await found.pushed("urn:ietf:params:oauth:request_uri:conformance")).code:
        raise Violation("there is a code")


@_rfc(
    "par.client",
    Level.SHALL,
    expects="A `request_uri` is good for the client that pushed the request, and for no other.",
    mend="Compare `client_id` with the client that pushed (RFC 9126 2.2).",
)
async def client(target: Target) -> None:
    found = await _found(target)
    other = found.other()
    parameters = {"client_id": other.client_id, "request_uri": await _uri(found)}
    if (await found.attempt(parameters)).code:
        raise Violation("another client gets a code for it")


@_check(
    "par.unproved",
    Level.SHALL,
    expects="A client that has to prove itself and does not is refused.",
    mend="Authenticate the client as at the token endpoint.",
)
async def unproved(target: Target) -> None:
    found = await _found(target)
    if found.server.identity.method in ("none", "tls"):
        raise NotApplicable("the profile's client needs no proof in its forms")
    answer = await found.server.post(found.server.endpoints.pushed, found.request(_VERIFIER))
    answer.refused(status=(400, 401), error=_CLIENT)


@_check(
    "par.secret-wrong",
    Level.SHALL,
    expects="A wrong secret is refused.",
    mend="Authenticate the client as at the token endpoint.",
)
async def secret_wrong(target: Target) -> None:
    found = await _found(target)
    answer = await found.server.push(found.request(_VERIFIER), found.wrong_secret())
    answer.refused(status=(400, 401), error=_CLIENT)


@_check(
    "par.request-uri",
    Level.SHALL,
    expects="A pushed request that names a `request_uri` itself is refused.",
    mend=_REFUSE,
)
async def request_uri(target: Target) -> None:
    found = await _found(target)
    answer = await _push(found, request_uri="urn:ietf:params:oauth:request_uri:conformance")
    answer.refused()


@_rfc(
    "par.redirect-unknown",
    Level.SHALL,
    expects="A redirect URI that is not registered is refused when it is pushed.",
    mend=_REFUSE,
)
async def redirect_unknown(target: Target) -> None:
    answer = await _push(await _found(target), redirect_uri="https://conformance.invalid/callback")
    answer.refused(status=(400, 401), error=_CLIENT)


@_rfc(
    "par.checked",
    Level.OURS,
    expects="What is wrong with a request is said when it is pushed.",
    mend="Check the pushed request as the authorization endpoint would (RFC 9126 2.1).",
)
async def checked(target: Target) -> None:
    found = await _found(target)
    (await _push(found, response_type="conformance")).refused(error="unsupported_response_type")


@_rfc(
    "par.pkce-missing",
    Level.OURS,
    expects="A pushed request without `code_challenge` is refused.",
    mend="v2 requires PKCE of every client.",
)
async def pkce_missing(target: Target) -> None:
    found = await _found(target)
    answer = await _push(found, code_challenge=None, code_challenge_method=None)
    answer.refused()


@_rfc(
    "par.query-ignored",
    Level.OURS,
    expects="What else is in the query beside a `request_uri` changes nothing.",
    mend="Take the parameters from the pushed request alone (RFC 9126 4).",
)
async def query_ignored(target: Target) -> None:
    found = await _found(target)
    parameters = {
        "client_id": found.server.identity.client_id,
        "request_uri": await _uri(found),
        "code_challenge": challenge("another-verifier-of-pushed-requests-0123456789"),
        "state": "conformance-other-state",
    }
    outcome = await found.attempt(parameters)
    if outcome.code and outcome.arrival.query.get("state") == "conformance-other-state":
        raise Violation("`state` of the query takes the place of the pushed one")
