"""Metadata of the authorization server, where `info` names an issuer (RFC 8414)."""

from __future__ import annotations

import functools
from collections.abc import Sequence

from conformance.answer import Answer, Members
from conformance.endpoints import fetch, named, places
from conformance.errors import NotApplicable, NotRun, Violation
from conformance.grants import grants
from conformance.model import Level
from conformance.recording import note
from conformance.registry import check
from conformance.target import Target

_rfc = functools.partial(check, group="OAuth metadata", v2="RFC 8414 2")
_ENDPOINTS = {
    "revocation_endpoint": "oauth2/revoke",
    "pushed_authorization_request_endpoint": "oauth2/pushed_authorize",
}


async def _answer(target: Target) -> Answer:
    """Found where RFC 8414 says, or where else clients look."""

    async def make() -> Answer:
        issuer = named(target.described(), target.names.major).issuer
        if not issuer:
            raise NotApplicable("info names a base address, not an issuer")
        for place in places(issuer):
            answer = await fetch(target.client, place)
            if answer.status == 200:
                return answer
        raise NotRun(f"{issuer} has no metadata")

    found: Answer = await target.once.get("metadata", make)
    return found


async def _members(target: Target) -> Members:
    return (await _answer(target)).members


def _texts(members: Members, name: str) -> Sequence[str] | None:
    return members.texts(name, required=False)


@check(
    "oauth.metadata-place",
    Level.SHALL,
    group="OAuth metadata",
    v2="RFC 8414 3",
    expects="The metadata are at /.well-known/oauth-authorization-server, then the issuer's path.",
    mend="Put the well-known part between host and path of the issuer.",
)
async def place(target: Target) -> None:
    issuer = named(target.described(), target.names.major).issuer
    if not issuer:
        raise NotApplicable("info names a base address, not an issuer")
    first = places(issuer)[0]
    answer = await fetch(target.client, first)
    if answer.status != 200:
        raise Violation(f"{first} answers {answer.status}")


@_rfc(
    "oauth.metadata-json",
    Level.SHALL,
    expects="The metadata are a JSON object.",
    mend="Send `Content-Type: application/json`.",
)
async def is_json(target: Target) -> None:
    answer = await _answer(target)
    answer.succeeded()
    if answer.media_type != "application/json":
        raise Violation(f"Content-Type is {answer.header('Content-Type') or 'missing'!r}")


@check(
    "oauth.metadata-issuer",
    Level.SHALL,
    group="OAuth metadata",
    v2="RFC 8414 3.3",
    expects="`issuer` is exactly what `info` names, to the last slash.",
    mend="Write both alike: clients turn away otherwise.",
)
async def issuer(target: Target) -> None:
    announced = named(target.described(), target.names.major).issuer
    found = (await _members(target)).member("issuer", str)
    if found != announced:
        raise Violation(f"`issuer` is {found!r}, info names {announced!r}")


@_rfc(
    "oauth.metadata-endpoints",
    Level.SHALL,
    expects="There are `authorization_endpoint` and `token_endpoint`, each an address.",
    mend="Name both.",
)
async def endpoints(target: Target) -> None:
    members = await _members(target)
    for name in ("authorization_endpoint", "token_endpoint"):
        found = members.member(name, str)
        if not found.startswith(("https://", "http://")) or "#" in found:
            raise Violation(f"`{name}` is {found!r}")


@_rfc(
    "oauth.metadata-methods",
    Level.SHOULD,
    expects="OAuth methods that `info` announces have an endpoint in the metadata.",
    mend="Name the endpoint, or take the method out of `info.methods`.",
)
async def methods(target: Target) -> None:
    members = await _members(target)
    for name, method in _ENDPOINTS.items():
        if target.announces(method) and not members.get(name):
            raise Violation(f"`{name}` is missing")


@_rfc(
    "oauth.metadata-response-types",
    Level.SHALL,
    expects="`response_types_supported` has `code`, and nothing of the implicit grant.",
    mend="Announce `code` alone.",
)
async def response_types(target: Target) -> None:
    found = (await _members(target)).texts("response_types_supported") or []
    if "code" not in found:
        raise Violation(f"`response_types_supported` is {found!r}")
    if any("token" in one.split() for one in found):
        raise Violation(f"the implicit grant is announced: {found!r}")


@_rfc(
    "oauth.metadata-grant-types",
    Level.SHALL,
    expects="`grant_types_supported` has neither `implicit` nor `password`.",
    mend="Announce it, without those: left out it means authorization_code and implicit.",
)
async def grant_types(target: Target) -> None:
    found = _texts(await _members(target), "grant_types_supported")
    if found is None:
        note("`grant_types_supported` is missing: that reads as authorization_code and implicit")
        return
    bad = {"implicit", "password"} & set(found)
    if bad:
        raise Violation(f"`grant_types_supported` has {' and '.join(sorted(bad))}")


@check(
    "oauth.metadata-pkce",
    Level.SHALL,
    group="OAuth metadata",
    v2="8.4.2",
    expects="`code_challenge_methods_supported` has `S256`.",
    mend="Announce it: a client takes a missing list for a server without PKCE.",
)
async def pkce(target: Target) -> None:
    found = (await _members(target)).texts("code_challenge_methods_supported") or []
    if "S256" not in found:
        raise Violation(f"`code_challenge_methods_supported` is {found!r}")


@check(
    "oauth.metadata-details",
    Level.SHOULD,
    group="OAuth metadata",
    v21="RFC 9396 10",
    expects="With `supportsRar` the metadata name the types of details.",
    mend="List them in `authorization_details_types_supported`.",
)
async def detail_types(target: Target) -> None:
    if not named(target.described(), target.names.major).takes_details:
        raise NotApplicable("`supportsRar` is not true")
    members = await _members(target)
    found = _texts(members, "authorization_details_types_supported")
    if not found:
        raise Violation("`authorization_details_types_supported` is missing")


@_rfc(
    "oauth.metadata-signing",
    Level.SHALL,
    expects="With private_key_jwt the algorithms of assertions are named, and `none` is not.",
    mend="List them in `token_endpoint_auth_signing_alg_values_supported`.",
)
async def signing(target: Target) -> None:
    members = await _members(target)
    ways = _texts(members, "token_endpoint_auth_methods_supported") or []
    if not {"private_key_jwt", "client_secret_jwt"} & set(ways):
        raise NotApplicable("no client assertions are announced")
    found = _texts(members, "token_endpoint_auth_signing_alg_values_supported") or []
    if not found or "none" in found:
        raise Violation(f"`token_endpoint_auth_signing_alg_values_supported` is {found!r}")


@check(
    "oauth.issuer-in-answer",
    Level.SHALL,
    group="oauth2/authorize",
    v2="RFC 9207 2",
    expects="Where metadata announce it, the redirect names the issuer in `iss`.",
    mend="Send `iss` with every code and every error, equal to `issuer`.",
)
async def iss(target: Target) -> None:
    members = await _members(target)
    if members.get("authorization_response_iss_parameter_supported") is not True:
        raise NotApplicable("metadata do not announce `iss`")
    announced = named(target.described(), target.names.major).issuer
    found = (await (await grants(target)).first()).arrival.query.get("iss")
    if found != announced:
        raise Violation(f"`iss` is {found!r}, the issuer is {announced!r}")
