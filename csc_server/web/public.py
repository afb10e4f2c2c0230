"""The public listener: status of certificates, time-stamps, files. No login, no cookie, no JSON.

Semantic refusals are answers of the protocols with HTTP 200, as their RFCs want it; errors are
never cached. (security-and-pki 2.4, 2.5, 2.6)
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

import structlog
from aiohttp import web

from csc_server.operations.status.freshness import Freshness
from csc_server.operations.status.ocsp import TellStatus
from csc_server.operations.status.stamp import StampTime
from csc_server.ports import Clock, StorageUnavailable
from csc_server.ports.pki import Publications, SourcePacing
from csc_server.web import metrics
from hsm.errors import HsmError
from hsm.interface import DeviceHealth
from pki import caching, crl
from pki.ocsp import requests, responses
from pki.ocsp.requests import CertId, Request
from pki.tsa import requests as stamp_requests
from pki.tsa import tokens
from policies import addresses, status, tsa
from policies.errors import ClientTooFast
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
_PATHS: Final = frozenset({"/tsa", "/health/live", "/health/ready", "/metrics", *FILES})
_OUT_OF_ORDER: Final = (HsmError, StorageUnavailable)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_log = structlog.get_logger("csc_server.status")


@dataclass(frozen=True, slots=True, kw_only=True)
class Public:
    """What the public listener needs."""

    tell: TellStatus
    stamp: StampTime
    stamp_pacing: SourcePacing
    stamp_policies: tuple[str, ...]
    serves: Callable[[CertId], bool]
    publications: Publications
    clock: Clock
    health: Callable[[], DeviceHealth]
    freshness: Freshness
    kept: Callable[[], int]
    """How many answers were made in advance."""
    offset: Callable[[], timedelta | None]
    """Of our clock, by time servers; ``None``: nobody knows."""
    proxies: Sequence[addresses.Network] = ()
    """Networks whose ``X-Forwarded-For`` is believed."""


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


def _source(request: web.Request) -> str:
    forwarded = request.headers.getall("X-Forwarded-For", ())
    return addresses.caller(request.remote, forwarded, request.app[PUBLIC].proxies)


async def _read(request: web.Request) -> bytes:
    """The body; of one that is too long only so much that its parser says so."""
    return await request.content.read(status.LONGEST_POST + 1)


async def _status(request: web.Request, parse: Callable[[], Request]) -> web.Response:
    public = request.app[PUBLIC]
    try:
        told = await public.tell(parse(), _source(request))
    except StatusRefused as reason:
        return _ocsp(responses.refusal(reason.failure), caching.NEVER)
    except _OUT_OF_ORDER as reason:
        # Everybody who asks meanwhile: what is the matter is told by those who renew.
        _log.debug("no_status", reason=type(reason).__name__)
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
    try:
        public.stamp_pacing.admit(_source(request), public.clock.now())
    except ClientTooFast as reason:
        raise web.HTTPTooManyRequests(
            text="too many\n", headers={**caching.NEVER, "Retry-After": "1"}
        ) from reason
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
    if _has_it(request, headers):
        return web.Response(status=304, headers=headers)
    return web.Response(body=content, content_type=kind, headers=headers)


def _has_it(request: web.Request, headers: Mapping[str, str]) -> bool:
    """True when the client's copy is this one (RFC 9110 13.1.2, 13.1.3)."""
    if "If-None-Match" in request.headers:
        held = request.headers.getall("If-None-Match")
        return caching.matches(held, headers["ETag"])
    since = request.if_modified_since
    changed = headers.get("Last-Modified")
    return since is not None and changed is not None and parsedate_to_datetime(changed) <= since


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
    """It can sign, there is a list, and nothing that it tells is stale."""
    public = request.app[PUBLIC]
    listed = public.publications.get("issuing.crl") is not None
    good = listed and not public.freshness.stale and public.health().alive > 0
    return web.Response(status=200 if good else 503, text="ready\n" if good else "not ready\n")


async def measured(request: web.Request) -> web.Response:
    """Metrics for Prometheus."""
    public = request.app[PUBLIC]
    text = metrics.status_exposition(
        public.health(), public.freshness.ages(), public.kept(), public.offset()
    )
    return web.Response(body=text, headers={"Content-Type": metrics.CONTENT_TYPE})


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
        metrics.observe(_label(request.path), code, duration)


def _label(path: str) -> str:
    """Whatever strangers ask for, there are few: each is kept for ever."""
    if path.startswith("/ocsp"):
        return "/ocsp"
    return path if path in _PATHS else "other"


def install(application: web.Application) -> None:
    """Add the routes."""
    router = application.router
    router.add_post("/ocsp", ocsp_post)
    router.add_post("/ocsp/", ocsp_post)
    router.add_get("/ocsp/{request:.*}", ocsp_get, allow_head=False)
    router.add_post("/tsa", stamp)
    router.add_get("/health/live", live)
    router.add_get("/health/ready", ready)
    router.add_get("/metrics", measured)
    for path in FILES:
        router.add_get(path, file)
