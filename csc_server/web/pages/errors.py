"""Refusals as pages: the status of the one table of errors, the words of ``error.html``."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

import aiohttp_jinja2
from aiohttp import web

from csc_server.web.pages import headers, page
from csc_server.web.pages.look import ENVIRONMENTS
from csc_server.web.requests import CORRELATION
from csc_server.wire import errors
from policies import errors as reasons
from webui.frame import Frame

LOGIN: Final = "/login"
_WITH_WORDS: Final = frozenset({403, 404, 405, 413, 429, 500, 503})
"""Statuses that ``error.html`` has sentences for; every other one is a form that cannot be read."""
_API: Final = ("/csc/", "/account/", "/registration/", "/openapi.json", "/health/", "/metrics")


def for_people(request: web.Request) -> bool:
    """True when nobody answers at this path and a browser asks: the refusal is a page."""
    if request.path.startswith(_API):
        return False
    return "text/html" in request.headers.get("Accept", "")


def refuse(request: web.Request, reason: Exception) -> web.StreamResponse:
    """The page that tells a person what went wrong, or the way to the login."""
    if isinstance(reason, reasons.SessionMissing):
        return _to_login(request)
    answer = errors.answer(reason, 2, request[CORRELATION])
    language, nonce = page.language_of(request), page.nonce_of(request)
    context = {
        "frame": Frame(address=request.path_qs, failed=True, nonce=nonce),
        "status": answer.status if answer.status in _WITH_WORDS else 400,
        "reference": request[CORRELATION],
    }
    response = aiohttp_jinja2.render_template(
        "error.html", request, context, app_key=ENVIRONMENTS[language], status=answer.status
    )
    response.headers.update(headers.of_page(nonce))
    if answer.retry_after_s is not None:
        response.headers["Retry-After"] = str(answer.retry_after_s)
    return response


def _to_login(request: web.Request) -> web.Response:
    query = urlencode({"next": request.path_qs if request.method == "GET" else request.path})
    response = web.Response(status=303, headers={"Location": f"{LOGIN}?{query}"})
    response.headers.update(headers.of_page(page.nonce_of(request)))
    return response
