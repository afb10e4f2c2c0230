"""The authorization server's endpoints for clients: parse, call, render.

``oauth2/authorize``, where browsers come, is a page: ``web.pages.authorize``.
(RFC 6749 3.2; RFC 7009; RFC 9126; RFC 8414)
"""

from __future__ import annotations

from aiohttp import web

from csc_server.web.requests import VERSION, call, proof_of, respond, services
from csc_server.wire import authorization, errors, oauth
from csc_server.wire.authorization import Parameters
from policies.oauth.authentication import Presented

FORM_BYTES = 256 * 1024
"""Longest form: a thousand digests with names, form-encoded."""


async def token(request: web.Request) -> web.Response:
    """oauth2/token. (CSC v1 8.4.3, v2 8.4.4)"""
    parameters = await _form(request)
    presented = _client(request, parameters)
    parsed = oauth.parse_token(parameters)
    operation = services(request).oauth.exchange
    issued = await operation(call(request), presented, parsed, proof_of(request))
    return _private(respond(oauth.render_tokens(issued)))


async def revoke(request: web.Request) -> web.Response:
    """oauth2/revoke. (CSC v1 8.4.4, v2 8.4.5)"""
    parameters = await _form(request)
    parsed = oauth.parse_revocation(parameters)
    operation = services(request).oauth.revoke
    await operation(call(request), _client(request, parameters), parsed)
    return _private(web.Response(status=204))


async def push(request: web.Request) -> web.Response:
    """oauth2/pushed_authorize. (CSC v2 8.4.3)"""
    parameters = await _form(request)
    asked = authorization.parse(request[VERSION], parameters)
    operation = services(request).oauth.push
    pushed = await operation(call(request), _client(request, parameters), asked, proof_of(request))
    content = oauth.render_pushed(pushed.request_uri.value, pushed.expires_in_s)
    return _private(respond(content, 201))


async def metadata(request: web.Request) -> web.Response:
    """The authorization server's metadata. (RFC 8414 3)"""
    return respond(oauth.metadata(services(request).issuer))


async def _form(request: web.Request) -> Parameters:
    """The parameters of the body; those of the query do not count (RFC 6749 2.3.1, 3.2).

    Raises:
        ContentTypeWrong: Not a form.
        BodyTooLarge: Over ``FORM_BYTES``.
        Malformed: Not UTF-8, too many, or one twice.
    """
    if request.content_type != oauth.FORM:
        raise errors.ContentTypeWrong
    try:
        raw = await request.clone(client_max_size=FORM_BYTES).read()
    except web.HTTPRequestEntityTooLarge as reason:
        raise errors.BodyTooLarge from reason
    return oauth.parse_form(raw)


def _client(request: web.Request, parameters: Parameters) -> Presented:
    return oauth.parse_client(parameters, request.headers.getall("Authorization", []))


def _private(response: web.Response) -> web.Response:
    """RFC 6749 5.1; ``Cache-Control: no-store`` is on every answer (``web.middleware``)."""
    response.headers["Pragma"] = "no-cache"
    return response
