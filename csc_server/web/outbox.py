"""`/outbox`: what an instance in development would have sent, as the person would see it.

Only while mail or SMS end in the embedded outbox, which production refuses; elsewhere the paths do
not exist. A mail's HTML is shown in a frame that may do nothing, under a policy of its own.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import jinja2
import orjson
from aiohttp import web

from csc_server.web.requests import LINK, respond, services
from csc_server.wire import errors
from webui import assets

SHOWN: Final = 200
"""Newest messages on the page and in the JSON."""
_TEMPLATE: Final = jinja2.Environment(
    autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
).from_string((Path(__file__).parent / "outbox.html").read_text())
_OF_PAGE: Final = (
    "default-src 'none'; style-src 'self'; frame-src 'self'; frame-ancestors 'none'; "
    "base-uri 'none'; form-action 'none'"
)
# A mail has its style in attributes. It may load nothing, run nothing, lead nowhere.
_OF_MAIL: Final = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox"


async def page(request: web.Request) -> web.Response:
    """The newest first.

    Raises:
        PathUnknown: This instance sends for real.
    """
    html = _TEMPLATE.render(
        messages=await _messages(request), stylesheet=assets.address("paraph.css")
    )
    return _html(html, _OF_PAGE)


async def mail(request: web.Request) -> web.Response:
    """The HTML part of one mail, for the page's frames.

    Raises:
        PathUnknown: This instance sends for real, or there is no such mail.
    """
    for one in await _messages(request):
        if one["message_id"] == request[LINK] and "html" in one:
            return _html(one["html"], _OF_MAIL)
    raise errors.PathUnknown


async def as_json(request: web.Request) -> web.Response:
    """The same as JSON: ``{"messages": [...]}``.

    Raises:
        PathUnknown: This instance sends for real.
    """
    return respond({"messages": await _messages(request)})


async def _messages(request: web.Request) -> list[dict[str, Any]]:
    outbox = services(request).outbox
    if outbox is None:
        raise errors.PathUnknown
    return [
        {
            "message_id": kept.message_id,
            "sent_at": kept.sent_at.isoformat(),
            **orjson.loads(kept.content),
        }
        for kept in await outbox.latest(SHOWN)
    ]


def _html(html: str, policy: str) -> web.Response:
    headers = {"Content-Security-Policy": policy}
    return web.Response(text=html, content_type="text/html", headers=headers)
