"""credentials/authorize of v2, which may be answered later, and credentials/authorizeCheck."""

from __future__ import annotations

from aiohttp import web

from csc_server.web.handlers import sad
from csc_server.web.requests import body, call, principal, respond, services
from csc_server.wire import v2
from policies.secret import ApprovalHandle


async def authorize(request: web.Request) -> web.Response:
    """credentials/authorize. (CSC v2 11.6)"""
    caller, service = await principal(request), services(request)
    parsed = v2.parse_authorize(await body(request))
    if parsed.by_approval:
        return _waiting(await service.approvals.ask(call(request), caller, parsed))
    return sad(await service.authorize(call(request), caller, parsed))


async def check(request: web.Request) -> web.Response:
    """credentials/authorizeCheck. (CSC v2 11.7)"""
    caller, service = await principal(request), services(request)
    handle = v2.parse_check(await body(request))
    issued = await service.approvals.collect(call(request), caller, handle)
    return _waiting(handle) if issued is None else sad(issued)


def _waiting(handle: ApprovalHandle) -> web.Response:
    return respond({"handle": handle.value}, 202)
