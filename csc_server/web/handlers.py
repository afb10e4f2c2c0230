"""The CSC methods: parse, call, render. One class for both versions, which differ in their wire."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from csc_server.operations.authorize import IssuedSad
from csc_server.operations.tokens import Login
from csc_server.web.requests import (
    authorized,
    body,
    call,
    principal,
    respond,
    services,
    signer,
)
from csc_server.web.services import Services
from csc_server.wire import common, errors, headers, v1, v2
from csc_server.wire.common import InfoOptions
from csc_server.wire.fields import Body
from policies.authorize import AuthorizeRequest, ExtendRequest
from policies.sign import SignHashRequest
from policies.values import Principal


@dataclass(frozen=True, slots=True)
class Dialect:
    """The wire of one version, where the methods have the same shape in both."""

    version: int
    parse_authorize: Callable[[Body], AuthorizeRequest]
    parse_extend: Callable[[Body], ExtendRequest]
    parse_sign_hash: Callable[[Body], SignHashRequest]


V1: Final = Dialect(1, v1.parse_authorize, v1.parse_extend, v1.parse_sign_hash)
V2: Final = Dialect(2, v2.parse_authorize, v2.parse_extend, v2.parse_sign_hash)


async def info_v1(request: web.Request) -> web.Response:
    """info. (CSC v1 11.1)"""
    language = common.parse_info(await body(request))
    return respond(v1.render_info(services(request).info, language))


async def info_v2(request: web.Request) -> web.Response:
    """info. (CSC v2 11.1)"""
    language, service = common.parse_info(await body(request)), services(request)
    return respond(v2.render_info(service.info, service.key_algorithms, language))


async def login(request: web.Request) -> web.Response:
    """auth/login, with a refresh token in the body or Basic in the header. (CSC v1 11.2)"""
    parsed, service = common.parse_login(await body(request)), services(request)
    if parsed.refresh_token is not None:
        return _login(await service.refresh(call(request), parsed.refresh_token))
    username, password = headers.basic(request.headers.get("Authorization"))
    result = await service.log_in(call(request), username, password, remember_me=parsed.remember_me)
    return _login(result)


async def revoke(request: web.Request) -> web.Response:
    """auth/revoke. (CSC v1 11.3)"""
    caller = await principal(request)
    parsed = common.parse_revoke(await body(request))
    await services(request).revoke(call(request), caller, parsed.token)
    return web.Response(status=204)


async def list_v1(request: web.Request) -> web.Response:
    """credentials/list. (CSC v1 11.4)"""
    caller = await principal(request)
    parsed = v1.parse_list(await body(request))
    return respond(v1.render_list(parsed, await services(request).list_credentials(caller)))


async def list_v2(request: web.Request) -> web.Response:
    """credentials/list. (CSC v2 11.4)"""
    caller, service = await principal(request), services(request)
    parsed = v2.parse_list(await body(request))
    found = await service.list_credentials(caller)
    approval = await _approval(service, caller, parsed.options)
    return respond(v2.render_list(parsed, found, service.clock.now(), approval=approval))


async def credential_v1(request: web.Request) -> web.Response:
    """credentials/info. (CSC v1 11.5)"""
    caller, service = await principal(request), services(request)
    parsed = common.parse_credential_info(await body(request))
    found = await service.credential_info(caller, parsed.credential_id)
    return respond(v1.render_credential(found, parsed.options, service.clock.now()))


async def credential_v2(request: web.Request) -> web.Response:
    """credentials/info. (CSC v2 11.5)"""
    await authorized(request)
    service = services(request)
    parsed = common.parse_credential_info(await body(request))
    # CSC v2 8.4.1: a token of scope ``credential`` may look at its own credential.
    caller = await signer(request, parsed.credential_id)
    found = await service.credential_info(caller, parsed.credential_id)
    approval = await _approval(service, caller, parsed.options)
    now = service.clock.now()
    return respond(v2.render_credential(found, parsed.options, now, approval=approval))


async def _approval(service: Services, caller: Principal, options: InfoOptions) -> bool:
    """Can the person be asked? Looked up only for who wants to know."""
    return options.auth_info and await service.approvals.offered(caller.account_id)


async def send_otp(request: web.Request) -> web.Response:
    """credentials/sendOTP. (CSC v1 11.8)"""
    caller = await principal(request)
    credential_id = v1.parse_send_otp(await body(request))
    await services(request).send_code(call(request), caller.account_id, credential_id)
    return web.Response(status=204)


async def challenge(request: web.Request) -> web.Response:
    """credentials/getChallenge, whose challenge is the SMS. (CSC v2 11.8; 204 as v2.1.0.1)"""
    caller = await principal(request)
    credential_id = v2.parse_challenge(await body(request))
    await services(request).send_code(call(request), caller.account_id, credential_id)
    return web.Response(status=204)


class Methods:
    """The methods that both versions have in the same shape."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect

    async def authorize(self, request: web.Request) -> web.Response:
        """credentials/authorize. (CSC v1 11.6)"""
        caller = await principal(request)
        parsed = self._dialect.parse_authorize(await body(request))
        return sad(await services(request).authorize(call(request), caller, parsed))

    async def extend(self, request: web.Request) -> web.Response:
        """credentials/extendTransaction. (CSC v1 11.7)"""
        caller = await principal(request)
        parsed = self._dialect.parse_extend(await body(request))
        return sad(await services(request).extend_transaction(call(request), caller, parsed))

    async def sign_hash(self, request: web.Request) -> web.Response:
        """signatures/signHash. (CSC v1 11.9)"""
        caller = await principal(request)
        parsed = self._dialect.parse_sign_hash(await body(request))
        signatures = await services(request).sign_hash(call(request), caller, parsed)
        return respond({"signatures": [base64.b64encode(one).decode() for one in signatures]})


async def not_implemented(request: web.Request) -> web.Response:
    """A method of the standard that this service does not have. (CSC v1 10.2)"""
    del request
    raise errors.MethodNotImplemented


def _login(result: Login) -> web.Response:
    content: dict[str, Any] = {
        "access_token": result.access_token.value,
        "expires_in": result.expires_in_s,
    }
    if result.refresh_token is not None:
        content["refresh_token"] = result.refresh_token.value
    return respond(content)


def sad(issued: IssuedSad) -> web.Response:
    """The answer of authorize, authorizeCheck and extendTransaction."""
    return respond({"SAD": issued.sad.value, "expiresIn": issued.expires_in_s})
