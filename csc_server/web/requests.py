"""From an aiohttp request to what an operation needs, and back to a JSON response."""

from __future__ import annotations

from typing import Any, Final

import orjson
from aiohttp import web

from csc_server.operations.oauth.clients import Proof
from csc_server.ports import Call
from csc_server.web.services import SERVICES, Services
from csc_server.wire import documents, errors, fields, headers
from csc_server.wire.fields import Body
from policies import errors as reasons
from policies import tokens
from policies.secret import Sad
from policies.tokens import Access, Scope
from policies.values import ClientPrincipal, CredentialId, Principal

CORRELATION: Final = web.RequestKey("correlation", str)
SOURCE: Final = web.RequestKey("source", str)
"""Address of the caller, as far as it is believed (``policies.addresses``)."""
ACCOUNT: Final = web.RequestKey("account", str)
VERSION: Final = web.RequestKey("version", int)
METHOD: Final = web.RequestKey("method", str)
PAGE: Final = web.RequestKey("page", bool)
"""Set when a person asks: refusals are HTML."""
LINK: Final = web.RequestKey("link", str)
"""Last part of an address that ends in a token."""

_ACCESS: Final = web.RequestKey("access", Access)

JSON: Final = "application/json;charset=UTF-8"
"""CSC v1 10: the media type of every answer with a body."""


def services(request: web.Request) -> Services:
    """The operations of this process."""
    return request.app[SERVICES]


def call(request: web.Request) -> Call:
    """Who calls from where, for the audit log."""
    return Call(request[SOURCE], request[CORRELATION])


async def principal(request: web.Request) -> Principal:
    """Whose access token this is, for the CSC methods.

    Raises:
        HeaderMalformed, TokenUnknown, TokenExpired, TokenNotForMethod: No such luck; and
            TokenBoundToKey, CallProofInvalid for ``Authorization: DPoP``.
    """
    access = await authorized(request)
    try:
        return _known(request, tokens.person(access, Scope.SERVICE))
    except reasons.ScopeInsufficient as reason:
        raise reasons.TokenNotForMethod(str(reason)) from reason


async def signer(request: web.Request, credential_id: CredentialId) -> Principal:
    """Whose access token this is, for the methods of v2 that scope ``credential`` opens.

    Raises:
        TokenNotForMethod: For another credential, or neither scope; and as ``principal``.
    """
    access = await authorized(request)
    try:
        return _known(request, tokens.for_credential(access, credential_id))
    except reasons.ScopeInsufficient as reason:
        raise reasons.TokenNotForMethod(str(reason)) from reason


def handle_of(access: Access) -> Sad | None:
    """The SAD that the access token is; ``None`` for a token of another scope. (CSC v2 8.4.1)"""
    return Sad(access.token.value) if Scope.CREDENTIAL in access.scopes else None


def sad_of(access: Access, raw: Body) -> Sad | None:
    """The same.

    Raises:
        SadUnknown: The body names another SAD than the token.
    """
    handle = handle_of(access)
    documents.check_handle(raw, handle)
    return handle


async def person(request: web.Request, scope: Scope) -> Principal:
    """Whose access token of this scope it is, for our own APIs.

    Raises:
        BearerMissing, TokenUnknown, TokenExpired, ScopeInsufficient: No such luck.
    """
    return _known(request, tokens.person(await _own_access(request), scope))


async def client_principal(request: web.Request, scope: Scope) -> ClientPrincipal:
    """Which client calls in its own name, for our own APIs.

    Raises:
        BearerMissing, TokenUnknown, TokenExpired, ScopeInsufficient: No such luck.
    """
    return tokens.client(await _own_access(request), scope)


async def authorized(request: web.Request) -> Access:
    """What the access token of this request opens.

    Raises:
        TokenInAddress: A token in the query, whatever the header holds (RFC 6750 2).
        HeaderMalformed, TokenUnknown, TokenExpired, TokenBoundToKey, CallProofInvalid: Nothing.
    """
    if _ACCESS in request:
        return request[_ACCESS]
    if "access_token" in request.query:
        raise errors.TokenInAddress
    given = request.headers.getall("Authorization", [])
    token, with_proof = headers.access_token(given)
    proof = proof_of(request) if with_proof else None
    request[_ACCESS] = access = await services(request).authenticate(token, proof)
    return access


def proof_of(request: web.Request) -> Proof:
    """The DPoP headers, and what they have to have been made for. (RFC 9449 4.3)"""
    url = services(request).issuer + request.rel_url.raw_path
    return Proof(request.headers.getall("DPoP", []), request.method, url)


async def _own_access(request: web.Request) -> Access:
    try:
        return await authorized(request)
    except errors.HeaderMalformed as reason:
        # RFC 6750 3.1: 401. The 400 of the CSC methods is theirs alone.
        raise errors.BearerMissing from reason


def _known(request: web.Request, found: Principal) -> Principal:
    request[ACCOUNT] = found.account_id
    return found


def check_content_type(request: web.Request) -> None:
    """Return if the body is JSON.

    Raises:
        ContentTypeWrong: Declared as something else; a missing header is taken for JSON.
    """
    if "Content-Type" in request.headers and request.content_type != "application/json":
        raise errors.ContentTypeWrong


async def body(request: web.Request) -> Body:
    """The JSON object of the request.

    Raises:
        ContentTypeWrong: See ``check_content_type``.
        BodyTooLarge: Over the limit.
        Malformed: Not a JSON object.
    """
    check_content_type(request)
    try:
        raw = await request.read()
    except web.HTTPRequestEntityTooLarge as reason:
        raise errors.BodyTooLarge from reason
    return fields.parse_body(raw)


def respond(content: dict[str, Any], status: int = 200) -> web.Response:
    """A JSON answer."""
    return web.Response(body=orjson.dumps(content), status=status, headers={"Content-Type": JSON})
