"""The public listener: status of certificates, time-stamps, files. No login, no cookie, no JSON.

Semantic refusals are answers of the protocols with HTTP 200, as their RFCs want it; errors are
never cached. (security-and-pki 2.4, 2.5, 2.6)
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog
from aiohttp import web

from csc_server.operations.status.ocsp import TellStatus
from csc_server.operations.status.stamp import StampTime
from csc_server.ports import Clock, StorageUnavailable
from csc_server.ports.pki import Publications
from csc_server.web import metrics
from hsm.errors import HsmError
from hsm.interface import DeviceHealth
from pki import caching, crl
from pki.ocsp import requests, responses
from pki.ocsp.requests import CertId, Request
from pki.tsa import requests as stamp_requests
from pki.tsa import tokens
from policies import status, tsa
from policies.status import Failure, StatusRefused
from policies.tsa import StampRefused

STAMP_QUERY: Final = "application/timestamp-query"
STAMP_REPLY: Final = "application/timestamp-reply"
CERTIFICATE: Final = "application/pkix-cert"
FILES: Final = {
    "/root.cer": ("root.cer", CERTIFICATE),
    "/issuing.cer": ("issuing.cer", CERTIFICATE),
    "/root.crl": ("root.crl", crl.MEDIA_TYPE),
    "/issuing.crl": ("issuing.crl", crl.MEDIA_TYPE),
}
"""Path to published file and its type."""
_OUT_OF_ORDER: Final = (HsmError, StorageUnavailable)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_log = structlog.get_logger("csc_server.status")


@dataclass(frozen=True, slots=True, kw_only=True)
class Public:
    """What the public listener needs."""

    tell: TellStatus
    stamp: StampTime
    stamp_policies: tuple[str, ...]
    serves: Callable[[CertId], bool]
    publications: Publications
    clock: Clock
    health: Callable[[], DeviceHealth]


PUBLIC: Final = web.AppKey("public", Public)


async def ocsp_post(request: web.Request) -> web.Response:
    """OCSP with the question in the body."""
    body = await _read(request)
    return await _status(request, lambda: requests.parse(body))


async def ocsp_get(request: web.Request) -> web.Response:
    """OCSP with the question in the path, which is taken raw: proxies and clients both touch it."""
    public = request.app[PUBLIC]
    _, _, tail = request.raw_path.partition("/ocsp/")
    return await _status(request, lambda: requests.from_path(tail, public.serves))


async def _read(request: web.Request) -> bytes:
    """The body; of one that is too long only so much that its parser says so."""
    return await request.content.read(status.LONGEST_POST + 1)


async def _status(request: web.Request, parse: Callable[[], Request]) -> web.Response:
    public = request.app[PUBLIC]
    try:
        told = await public.tell(parse())
    except StatusRefused as reason:
        return _ocsp(responses.refusal(reason.failure), caching.NEVER)
    except _OUT_OF_ORDER as reason:
        _log.warning("no_status", reason=type(reason).__name__)
        return _ocsp(responses.refusal(Failure.TRY_LATER), caching.NEVER)
    if not told.cacheable:
        return _ocsp(told.body, caching.NEVER)
    now = public.clock.now()
    return _ocsp(told.body, caching.headers(told.body, told.window, now))


def _ocsp(body: bytes, headers: Mapping[str, str]) -> web.Response:
    return web.Response(body=body, content_type=responses.MEDIA_TYPE, headers=headers)


async def stamp(request: web.Request) -> web.Response:
    """A time-stamp."""
    public = request.app[PUBLIC]
    if request.content_type != STAMP_QUERY:
        raise web.HTTPUnsupportedMediaType(text=f"send {STAMP_QUERY}\n")
    body = await _read(request)
    try:
        wish = stamp_requests.parse(body, public.stamp_policies)
        answer = tokens.granted(await public.stamp(wish))
    except StampRefused as reason:
        _log.info("no_timestamp", reason=str(reason))
        answer = tokens.rejection(reason)
    except _OUT_OF_ORDER as reason:
        _log.warning("no_timestamp", reason=type(reason).__name__)
        failed = StampRefused(tsa.Failure.SYSTEM_FAILURE, "out of order")
        answer = tokens.rejection(failed)
    return web.Response(body=answer, content_type=STAMP_REPLY, headers=caching.NEVER)


async def file(request: web.Request) -> web.Response:
    """A published certificate or revocation list."""
    public = request.app[PUBLIC]
    name, kind = FILES[request.path]
    content = public.publications.get(name)
    if content is None:
        raise web.HTTPNotFound(text="not published yet\n", headers=caching.NEVER)
    headers = _freshness(name, content, public.clock.now())
    if request.headers.get("If-None-Match", "") == headers["ETag"]:
        return web.Response(status=304, headers=headers)
    return web.Response(body=content, content_type=kind, headers=headers)


def _freshness(name: str, content: bytes, now: datetime) -> Mapping[str, str]:
    if not name.endswith(".crl"):
        return {"ETag": caching.tag(content), "Cache-Control": "max-age=86400, public"}
    window, _ = crl.read(content)
    # The root's list is made by hand; the issuing authority has a new one each hour.
    renewed = status.CRL_EVERY if name == "issuing.crl" else None
    return caching.headers(content, window, now, renewed)


async def live(request: web.Request) -> web.Response:
    """This process answers."""
    del request
    return web.Response(text="ok\n")


async def ready(request: web.Request) -> web.Response:
    """It can sign, and its list is not stale."""
    public = request.app[PUBLIC]
    content = public.publications.get("issuing.crl")
    fresh = content is not None and not status.stale(crl.window(content), public.clock.now())
    good = fresh and public.health().alive > 0
    return web.Response(status=200 if good else 503, text="ready\n" if good else "not ready\n")


@web.middleware
async def edge(request: web.Request, handler: Handler) -> web.StreamResponse:
    """One log event a request; the one broad ``except`` of this listener."""
    started = time.monotonic()
    code = 500
    try:
        answer = await handler(request)
        code = answer.status
        return answer
    except web.HTTPException as refusal:
        code = refusal.status
        raise
    except Exception:  # noqa: BLE001 - the one of this listener
        _log.exception("unexpected")
        return web.Response(status=500, text="internal error\n", headers=caching.NEVER)
    finally:
        duration = time.monotonic() - started
        metrics.observe(request.path.partition("/ocsp/")[1] or request.path, code, duration)


def install(application: web.Application) -> None:
    """Add the routes."""
    router = application.router
    router.add_post("/ocsp", ocsp_post)
    router.add_post("/ocsp/", ocsp_post)
    router.add_get("/ocsp/{request:.*}", ocsp_get, allow_head=False)
    router.add_post("/tsa", stamp)
    router.add_get("/health/live", live)
    router.add_get("/health/ready", ready)
    for path in FILES:
        router.add_get(path, file)
