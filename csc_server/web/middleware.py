"""Around every request: a number, a time limit, one log event, one answer to every error.

Holds the only broad ``except`` of the service.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable, Sequence

import structlog
from aiohttp import web
from aiohttp.typedefs import Middleware

from csc_server.ports import Entropy
from csc_server.web import challenges, metrics
from csc_server.web.pages import errors as pages
from csc_server.web.pages.headers import FOR_ALL, HSTS
from csc_server.web.pages.look import LOOK
from csc_server.web.patience import PATIENCE, Patience
from csc_server.web.requests import (
    ACCOUNT,
    CORRELATION,
    METHOD,
    PAGE,
    SOURCE,
    VERSION,
    respond,
)
from csc_server.wire import errors
from policies import addresses

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_log = structlog.get_logger("csc_server")

# Pages bring a policy of their own, and what may be kept says so.
_HEADERS = {
    **FOR_ALL,
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


def edge(
    request_limit_s: float, entropy: Entropy, proxies: Sequence[addresses.Network] = ()
) -> Middleware:
    """The middleware.

    Args:
        request_limit_s: Seconds a request may take. Effects under way go on (``Effects``); the
            client is told to come back.
        entropy: Names this process, so that its requests' numbers are unique.
        proxies: Networks whose ``X-Forwarded-For`` is believed.
    """

    # Unique, not secret: the process's own prefix and a counter.
    prefix, numbers = entropy.identifier()[:12], itertools.count(1)

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        started = time.perf_counter()
        request[CORRELATION] = f"{prefix}-{next(numbers):x}"
        forwarded = request.headers.getall("X-Forwarded-For", ())
        request[SOURCE] = addresses.caller(request.remote, forwarded, proxies)
        reason: Exception | None = None
        try:
            async with asyncio.timeout(request_limit_s) as timeout:
                request[PATIENCE] = Patience(request_limit_s, timeout)
                response = await handler(request)
        except TimeoutError:
            reason = request[PATIENCE].missed()
        except Exception as caught:  # noqa: BLE001 - the one place where errors meet the wire
            reason = caught
        if reason is not None:
            response = _refuse(request, reason)
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        if (look := request.app.get(LOOK)) is not None and look.secure:
            response.headers.update(HSTS)
        _report(request, response.status, time.perf_counter() - started, reason)
        return response

    return middleware


def _refuse(request: web.Request, reason: Exception) -> web.StreamResponse:
    if request.get(PAGE) or (isinstance(reason, errors.PathUnknown) and pages.for_people(request)):
        response = pages.refuse(request, reason)
    else:
        response = _refuse_client(request, reason)
    if isinstance(reason, errors.HttpMethodWrong):
        response.headers["Allow"] = str(reason)
    return response


def _refuse_client(request: web.Request, reason: Exception) -> web.StreamResponse:
    version = request.get(VERSION, 1)
    answer = errors.answer(reason, version, request[CORRELATION])
    response = respond(answer.json(), answer.status)
    if answer.retry_after_s is not None:
        response.headers["Retry-After"] = str(answer.retry_after_s)
    challenge = challenges.challenge(reason, answer.status)
    if challenge is not None:
        response.headers["WWW-Authenticate"] = challenge
    return response


def _report(request: web.Request, status: int, duration_s: float, reason: Exception | None) -> None:
    method = request.get(METHOD, "unknown")
    metrics.observe(method, status, duration_s)
    event = {
        "correlation_id": request[CORRELATION],
        "http_method": request.method,
        "method": method,
        "version": request.get(VERSION),
        "status": status,
        "duration_ms": round(duration_s * 1000, 2),
        "source": request[SOURCE],
        "account_id": request.get(ACCOUNT),
    }
    if reason is None:
        _log.info("request", **event)
    elif errors.unexpected(reason):
        _log.error("request", **event, reason=type(reason).__name__, exc_info=reason)
    else:
        # The text of a reason is for the operator and holds no secret (policies.errors).
        _log.info("request", **event, reason=type(reason).__name__, detail=str(reason))
