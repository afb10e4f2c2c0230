"""For operators and browsers' icons: health, metrics, the logo. No CSC method."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from aiohttp import web

from csc_server.ports import StorageUnavailable
from csc_server.web import metrics
from csc_server.web.requests import respond, services
from csc_server.web.services import Services
from policies.spray import FailedLogins

_LOGO: Final = (Path(__file__).parent / "logo.png").read_bytes()


async def live(request: web.Request) -> web.Response:
    """200 while the process answers at all."""
    del request
    return respond({"status": "live"})


async def ready(request: web.Request) -> web.Response:
    """200 when the database answers and at least one signer process can sign; else 503."""
    service = services(request)
    health = service.device_health()
    storage = await _answers(service)
    good = storage and health.alive > 0
    content = {
        "status": "ready" if good else "not ready",
        "storage": storage,
        "signers_alive": health.alive,
        "signers_wanted": health.wanted,
    }
    return respond(content, 200 if good else 503)


async def _answers(service: Services) -> bool:
    try:
        await service.ping_storage()
    except StorageUnavailable:
        return False
    return True


async def scrape(request: web.Request) -> web.Response:
    """Prometheus text format 0.0.4."""
    service = services(request)
    sms_today, failed = await _numbers(service)
    return web.Response(
        body=metrics.exposition(service.device_health(), sms_today, service.sms_per_day, failed),
        headers={"Content-Type": metrics.CONTENT_TYPE},
    )


async def _numbers(service: Services) -> tuple[int | None, FailedLogins | None]:
    """What the store tells; ``None`` while it does not answer."""
    try:
        return await service.sms_today(), await service.failed_logins()
    except StorageUnavailable:
        return None, None


async def logo(request: web.Request) -> web.Response:
    """The logo that ``info`` names, to be shown by clients: on pages of theirs too."""
    del request
    headers = {"Cross-Origin-Resource-Policy": "cross-origin"}
    return web.Response(body=_LOGO, content_type="image/png", headers=headers)
