"""oauth2/authorize for the service: what comes back in the redirect, and what is refused there."""

from __future__ import annotations

import functools

from conformance.codes import ODD_STATE
from conformance.errors import Violation
from conformance.grants import FIRST, blamed, grants
from conformance.model import Level
from conformance.registry import check
from conformance.target import Target

_check = functools.partial(check, group="oauth2/authorize", v1="8.3.2", v2="8.4.2")
_NOT_TOLD = "Redirect to the redirect URI with `error` in the query."


@_check(
    "oauth.code",
    Level.SHALL,
    expects="An authorization for scope `service` ends at the redirect URI, with `code`.",
    mend="Redirect with `code` in the query once the person has agreed.",
)
async def code(target: Target) -> None:
    found = await grants(target)
    arrival = (await blamed(target, FIRST, found.first())).arrival
    if "access_token" in {**arrival.query, **arrival.fragment}:
        raise Violation("an access token is in the redirect beside the code")


@_check(
    "oauth.state",
    Level.SHALL,
    expects="`state` comes back unchanged, whatever characters it has.",
    mend="Keep the decoded value, and encode it again for the redirect.",
)
async def state(target: Target) -> None:
    first = await (await grants(target)).first()
    found = first.arrival.query.get("state")
    if found != ODD_STATE:
        raise Violation(f"`state` was {ODD_STATE!r} and comes back as {found!r}")


@_check(
    "oauth.redirect-status",
    Level.OURS,
    expects="After a form the redirect to the client is no 307, which would send the form along.",
    mend="Redirect with 302 or 303 (RFC 9700 4.12).",
)
async def redirect_status(target: Target) -> None:
    arrival = (await (await grants(target)).first()).arrival
    if arrival.after_form and arrival.status in (307, 308):
        raise Violation(f"the form is answered with {arrival.status}, so the client gets it too")


@_check(
    "oauth.state-absent",
    Level.SHALL,
    expects="Without `state` in the request there is none in the redirect.",
    mend="Leave `state` out where it was not sent.",
)
async def state_absent(target: Target) -> None:
    found = await (await grants(target)).code({"state": None, "lang": "en", "clientData": "c-1"})
    if "state" in found.arrival.query:
        raise Violation(f"`state` is {found.arrival.query['state']!r}, and none was sent")


@_check(
    "oauth.scope-default",
    Level.SHALL,
    expects="Without `scope` the authorization is one for the service.",
    mend="Take a missing `scope` for `service`.",
)
async def scope_default(target: Target) -> None:
    found = await grants(target)
    members = (await found.redeem(await found.code({"scope": None}))).succeeded()
    if str(members.get("token_type")).lower() == "sad":
        raise Violation("the token is a SAD")


@_check(
    "oauth.unknown-parameter",
    Level.OURS,
    expects="Parameters that the server does not know are ignored.",
    mend="Ignore them (RFC 6749 3.1).",
)
async def unknown_parameter(target: Target) -> None:
    found = await grants(target)
    await found.code({"conformance_parameter": "1", "prompt": "consent"})


@_check(
    "oauth.response-type-missing",
    Level.SHALL,
    expects="A request without `response_type` is refused with `invalid_request`.",
    mend=_NOT_TOLD,
)
async def response_type_missing(target: Target) -> None:
    found = await grants(target)
    outcome = await found.attempt(found.request(changes={"response_type": None}))
    outcome.refused("invalid_request")


@_check(
    "oauth.response-type-unknown",
    Level.SHALL,
    expects="An unknown `response_type` is refused with `unsupported_response_type`.",
    mend=_NOT_TOLD,
)
async def response_type_unknown(target: Target) -> None:
    found = await grants(target)
    outcome = await found.attempt(found.request(changes={"response_type": "conformance"}))
    outcome.refused("unsupported_response_type")


@_check(
    "oauth.implicit",
    Level.SHALL,
    expects="The implicit grant (`response_type=token`) is refused.",
    mend="Take it out: both versions prohibit it.",
)
async def implicit(target: Target) -> None:
    found = await grants(target)
    outcome = await found.attempt(found.request(changes={"response_type": "token"}))
    if "access_token" in outcome.arrival.fragment:
        raise Violation("an access token is in the redirect")
    if outcome.code:
        raise Violation("the request is granted")


@_check(
    "oauth.scope-unknown",
    Level.SHALL,
    expects="An unknown scope is refused with `invalid_scope`.",
    mend=_NOT_TOLD,
)
async def scope_unknown(target: Target) -> None:
    found = await grants(target)
    outcome = await found.attempt(found.request(changes={"scope": "conformance"}))
    outcome.refused("invalid_scope")


@_check(
    "oauth.scopes-together",
    Level.SHALL,
    expects="`service` and `credential` are never granted together.",
    mend="Refuse with `invalid_scope`.",
)
async def scopes_together(target: Target) -> None:
    found = await grants(target)
    outcome = await found.attempt(found.request(changes={"scope": "service credential"}))
    outcome.refused("invalid_scope", "invalid_request")


@_check(
    "oauth.error-state",
    Level.SHALL,
    expects="`state` comes back unchanged with an error as well.",
    mend="Send `state` in every redirect of a request that had it.",
)
async def error_state(target: Target) -> None:
    found = await grants(target)
    changes = {"response_type": "conformance", "state": ODD_STATE}
    outcome = await found.attempt(found.request(changes=changes))
    outcome.refused()
    if outcome.arrival.query.get("state") != ODD_STATE:
        back = outcome.arrival.query.get("state")
        raise Violation(f"`state` was {ODD_STATE!r} and comes back as {back!r}")


@_check(
    "oauth.parameter-twice",
    Level.OURS,
    expects="A parameter that stands twice is refused.",
    mend="Answer `invalid_request`: two programs must not read two values (RFC 6749 3.1).",
)
async def parameter_twice(target: Target) -> None:
    found = await grants(target)
    pairs = [*found.request().items(), ("scope", "service")]
    (await found.attempt(pairs)).denied()
