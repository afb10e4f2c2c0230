"""The authorization server of the reference: its endpoints and metadata (v1 8.3; v2 8.4).

One for each major version, since their rules differ: ``/as/v1/`` and ``/as/v2/``. v2.0 announces a
base address, v2.1 an issuer with metadata (RFC 8414), so that the suite meets both.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any, Final
from urllib.parse import parse_qsl

from aiohttp import web

from tests.conformance.reference import oauth_clients, oauth_pages, oauth_requests, oauth_tokens
from tests.conformance.reference.call import METHODS
from tests.conformance.reference.oauth_requests import Told, Unsafe
from tests.conformance.reference.oauth_state import (
    CLIENTS,
    CODE,
    OWN,
    PUSHED_S,
    REFRESH,
    Client,
    Request,
    state,
)
from tests.conformance.reference.replies import Refused, Reply, generic, invalid
from tests.conformance.reference.server import Server, new

FORM: Final = "application/x-www-form-urlencoded"
URN: Final = "urn:ietf:params:oauth:request_uri:"
_WELL_KNOWN: Final = "/.well-known/oauth-authorization-server"

Pairs = Sequence[tuple[str, str]]


def announced(server: Server, major: int) -> dict[str, Any]:
    """What ``info`` says about it."""
    if major == 2 and server.is_21:
        return {"oauth2Issuer": _issuer(server, 2), "supportsRar": True}
    members: dict[str, Any] = {"oauth2": f"{server.base}/as/v{major}/"}
    if major == 2:
        names = sorted(name for version, name in METHODS if version == 2)
        members["methods"] = [*names, "oauth2/pushed_authorize"]
    return members


def routes(server: Server) -> list[web.RouteDef]:
    """Its endpoints."""
    path = "/as/v{major:[12]}/oauth2"

    def posted(name: str, handler: Callable[[Server, web.Request, Pairs], Reply]) -> web.RouteDef:
        return web.post(f"{path}/{name}", _posted(server, name, handler))

    async def authorize(request: web.Request) -> web.StreamResponse:
        return _authorize(server, request)

    async def metadata(_: web.Request) -> web.StreamResponse:
        return _rendered(server.changed("metadata", Reply(_metadata(server))))

    async def got(_: web.Request) -> web.StreamResponse:
        return web.Response(status=200 if server.wrong("token-get") else 405)

    known = f"/as/v2{_WELL_KNOWN}" if server.wrong("metadata-elsewhere") else f"{_WELL_KNOWN}/as/v2"
    return [
        web.get(f"{path}/authorize", authorize),
        web.get(f"{path}/token", got),
        posted("token", _token),
        posted("revoke", _revoke),
        posted("pushed_authorize", _push),
        web.get(known, metadata),
        *oauth_pages.routes(server),
    ]


def _issuer(server: Server, major: int) -> str:
    return f"{server.base}/as/v{major}"


def _metadata(server: Server) -> dict[str, Any]:
    issuer = _issuer(server, 2)
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/oauth2/authorize",
        "token_endpoint": f"{issuer}/oauth2/token",
        "revocation_endpoint": f"{issuer}/oauth2/revoke",
        "pushed_authorization_request_endpoint": f"{issuer}/oauth2/pushed_authorize",
        "scopes_supported": list(oauth_requests.SCOPES),
        "response_types_supported": ["code"],
        "grant_types_supported": [CODE, REFRESH, OWN],
        "code_challenge_methods_supported": ["S256", "plain"],
        "token_endpoint_auth_methods_supported": [
            "client_secret_basic",
            "client_secret_post",
            "private_key_jwt",
        ],
        "token_endpoint_auth_signing_alg_values_supported": ["ES256"],
        "authorization_details_types_supported": ["credential"],
        "authorization_response_iss_parameter_supported": True,
    }


# --- the browser's endpoint ----------------------------------------------------------------------


def _authorize(server: Server, request: web.Request) -> web.StreamResponse:
    major = int(request.match_info["major"])
    pairs = parse_qsl(request.rel_url.raw_query_string, keep_blank_values=True)
    parameters = dict(pairs)
    if "request_uri" in parameters and major == 2:
        return _pushed(server, request, parameters)
    try:
        client, uri = oauth_requests.known(server, parameters)
    except Unsafe as reason:
        given = parameters.get("redirect_uri", "")
        unknown = "client_id" in parameters and parameters["client_id"] not in CLIENTS
        if given and unknown and server.wrong("client-unknown-redirected"):
            return oauth_pages.told(server, given, {"error": "unauthorized_client"})
        return oauth_pages.refused(str(reason))
    try:
        wanted = oauth_requests.checked(server, major, client, uri, pairs)
    except Told as told:
        answer = {"error": told.error, "error_description": told.text}
        if "state" in parameters and not server.wrong("error-state-lost"):
            answer["state"] = parameters["state"]
        return oauth_pages.told(
            server, uri, answer, issuer=_issuer(server, 2) if major == 2 else ""
        )
    return oauth_pages.asked(server, request, wanted)


def _pushed(server: Server, request: web.Request, parameters: dict[str, str]) -> web.StreamResponse:
    """The request that was pushed; what else is in the query does not count (RFC 9126 4)."""
    pushed, uri = state(server).pushed, parameters["request_uri"]
    wanted, ends = pushed.get(uri, (None, 0.0))
    if wanted is None and server.wrong("par-any-uri"):
        app = CLIENTS["app"]
        wanted, ends = Request(2, app, app.redirect_uris[0], True, None, "service"), math.inf
    if wanted is None or ends < time.monotonic() or server.wrong("par-lost"):
        return oauth_pages.refused("There is no such request.")
    if wanted.client.id != parameters.get("client_id") and not server.wrong("par-any-client"):
        return oauth_pages.refused("It is another client's request.")
    if not server.wrong("par-twice"):
        pushed.pop(uri, None)
    if server.wrong("par-query-counts"):
        wanted = replace(wanted, state=parameters.get("state", wanted.state))
    return oauth_pages.asked(server, request, wanted)


# --- the client's endpoints ----------------------------------------------------------------------


def _token(server: Server, request: web.Request, pairs: Pairs) -> Reply:
    form = dict(pairs)
    client = _client(server, request, form, named=True)
    return oauth_tokens.token(server, client, form)


def _revoke(server: Server, request: web.Request, pairs: Pairs) -> Reply:
    form = dict(pairs)
    client = _client(server, request, form, named=False)
    return oauth_tokens.revoke(server, client, form)


def _push(server: Server, request: web.Request, pairs: Pairs) -> Reply:
    form = dict(pairs)
    if request.match_info["major"] == "1":
        raise Refused("There is no such endpoint.", status=404)
    if server.wrong("par-unauthenticated"):
        client = CLIENTS[form.get("client_id", "app")]
    else:
        client = _client(server, request, form, named=True)
    if "request_uri" in form and not server.wrong("par-request-uri"):
        raise invalid("request_uri")
    try:
        _, redirect_uri = oauth_requests.known(server, form, pushed=True)
        wanted = oauth_requests.checked(server, 2, client, redirect_uri, pairs)
    except Unsafe as reason:
        raise Refused(str(reason)) from None
    except Told as told:
        raise Refused(told.text, error=told.error) from None
    uri = new(URN)
    state(server).pushed[uri] = (wanted, time.monotonic() + PUSHED_S)
    headers = {"Cache-Control": "no-cache, no-store"}
    return Reply({"request_uri": uri, "expires_in": PUSHED_S}, 201, headers)


def _client(server: Server, request: web.Request, form: dict[str, str], *, named: bool) -> Client:
    issuer = _issuer(server, int(request.match_info["major"]))
    audiences = (issuer, f"{issuer}/oauth2/token")
    authorization = request.headers.get("Authorization", "")
    return oauth_clients.authenticated(server, form, authorization, audiences, named=named)


def _posted(
    server: Server, name: str, handler: Callable[[Server, web.Request, Pairs], Reply]
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def answered(request: web.Request) -> web.StreamResponse:
        try:
            pairs = parse_qsl(await request.text(), keep_blank_values=True)
            twice = len(dict(pairs)) != len(pairs) and not server.wrong("token-parameter-twice")
            if request.content_type != FORM or twice:
                raise generic()
            reply = handler(server, request, pairs)
        except Refused as refused:
            reply = refused.reply
        return _rendered(server.changed(f"oauth2/{name}", reply))

    return answered


def _rendered(reply: Reply) -> web.Response:
    headers = dict(reply.headers)
    if reply.members is None:
        return web.Response(status=reply.status, headers=headers)
    headers.setdefault("Content-Type", "application/json;charset=UTF-8")
    body = json.dumps(dict(reply.members)).encode()
    return web.Response(status=reply.status, body=body, headers=headers)
