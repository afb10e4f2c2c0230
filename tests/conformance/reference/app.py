"""The HTTP side: paths, JSON in and out, refusals, and ``serve``.

Which methods there are is in ``call.METHODS``; their modules are imported here.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from tests.conformance.reference import (
    authorize,
    credentials,
    documents,
    extend,
    oauth,
    service,
    sign_hash,
)
from tests.conformance.reference.call import METHODS, Call
from tests.conformance.reference.replies import Refused, Reply, generic, not_implemented
from tests.conformance.reference.server import Server

KNOWN: Final = frozenset(
    {
        "info",
        "auth/login",
        "auth/revoke",
        "credentials/list",
        "credentials/info",
        "credentials/authorize",
        "credentials/authorizeCheck",
        "credentials/getChallenge",
        "credentials/extendTransaction",
        "credentials/sendOTP",
        "signatures/signHash",
        "signatures/signDoc",
        "signatures/signPolling",
        "signatures/timestamp",
    }
)
"""Names that the standard gives: those that are not here answer 501, others 404."""
_MODULES: Final = (service, credentials, authorize, extend, sign_hash, documents)
"""Importing them fills ``METHODS``."""
_SERVER: Final = web.AppKey("server", Server)


@dataclass(frozen=True, slots=True)
class Running:
    """A server that listens."""

    v1_url: str
    v2_url: str
    server: Server


@asynccontextmanager
async def serve(
    defects: frozenset[str] = frozenset(), specs: str = "2.1.0.1"
) -> AsyncIterator[Running]:
    """A reference server on a loopback port, for as long as the block lasts.

    Args:
        specs: Of ``/csc/v2``: ``2.0.0.2`` or ``2.1.0.1``.
    """
    server = Server(specs, frozenset(defects))
    app = web.Application()
    app[_SERVER] = server
    app.router.add_route("*", "/csc/v{major:[12]}/{name:.*}", _api)
    app.router.add_routes(oauth.routes(server))
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        server.base = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield Running(f"{server.base}/csc/v1", f"{server.base}/csc/v2", server)
    finally:
        await runner.cleanup()


async def _api(request: web.Request) -> web.Response:
    server = request.app[_SERVER]
    name = request.match_info["name"].strip("/")
    try:
        reply = await _answer(server, request, name)
    except Refused as refused:
        reply = refused.reply
    return _rendered(server.changed(name, reply))


async def _answer(server: Server, request: web.Request, name: str) -> Reply:
    major = int(request.match_info["major"])
    handler = METHODS.get((major, name))
    if handler is None or server.leaves_out(name):
        if name in KNOWN and not server.wrong("unlisted-404"):
            raise not_implemented()
        raise Refused("There is no such method.", status=404)
    if request.method != "POST":
        raise Refused("Methods are called with POST.", status=405, headers={"Allow": "POST"})
    if server.wrong("transport-charset") and "charset" in request.headers.get("Content-Type", ""):
        raise generic()
    body = await request.read()
    authorization = request.headers.get("Authorization", "")
    return await handler(Call(server, name, major, authorization, _members(server, body)))


def _members(server: Server, body: bytes) -> dict[str, Any]:
    """The members of the body that are not null."""
    try:
        document = json.loads(body or b"{}")
    except json.JSONDecodeError:
        if server.wrong("transport-not-json-500"):
            raise Refused("Sorry.", error="server_error", status=500) from None
        raise generic() from None
    except (ValueError, RecursionError):
        raise generic() from None
    if not isinstance(document, dict):
        raise generic()
    return {name: value for name, value in document.items() if value is not None}


def _rendered(reply: Reply) -> web.Response:
    headers = dict(reply.headers)
    if reply.members is None:
        return web.Response(status=reply.status, headers=headers)
    headers.setdefault("Content-Type", "application/json;charset=UTF-8")
    body = json.dumps(dict(reply.members)).encode()
    return web.Response(status=reply.status, body=body, headers=headers)
