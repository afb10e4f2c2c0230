"""Every path, which HTTP methods it takes, and who answers.

One table and one catch-all, so that a slash too many finds its method (CSC spec 1.1) and every
refusal is JSON.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from csc_server.web import handlers, operator
from csc_server.web.middleware import Handler
from csc_server.web.requests import METHOD, VERSION
from csc_server.wire import common, errors

_POST: Final = ("POST",)
_GET: Final = ("GET",)


@dataclass(frozen=True, slots=True)
class Route:
    """One path."""

    path: str
    handler: Handler
    http_methods: tuple[str, ...] = _POST
    version: int = 1
    """Whose sentences the errors speak."""
    method: str = ""
    """Label in logs and metrics."""


def _csc(
    dialect: handlers.Dialect, own: Mapping[str, Handler], not_yet: tuple[str, ...]
) -> Iterator[Route]:
    methods = handlers.Methods(dialect)
    table: dict[str, Handler] = {
        **own,
        "auth/login": handlers.login,
        "auth/revoke": handlers.revoke,
        "credentials/info": methods.info,
        "credentials/authorize": methods.authorize,
        "credentials/extendTransaction": methods.extend,
        "signatures/signHash": methods.sign_hash,
    }
    table |= dict.fromkeys(not_yet, handlers.not_implemented)
    for name, handler in table.items():
        http_methods = ("POST", "GET") if name == "info" else _POST
        path = f"/csc/v{dialect.version}/{name}"
        yield Route(path, handler, http_methods, dialect.version, name)


def _routes() -> Iterator[Route]:
    own_v1 = {"info": handlers.info_v1, "credentials/list": handlers.list_v1}
    own_v2 = {"info": handlers.info_v2, "credentials/list": handlers.list_v2}
    yield from _csc(handlers.V1, own_v1, common.NOT_YET_V1)
    yield from _csc(handlers.V2, own_v2, common.NOT_YET_V2)
    yield Route("/health/live", operator.live, _GET, method="health/live")
    yield Route("/health/ready", operator.ready, _GET, method="health/ready")
    yield Route("/metrics", operator.scrape, _GET, method="metrics")
    yield Route("/logo.png", operator.logo, _GET, method="logo")


ROUTES: Final = {route.path: route for route in _routes()}
_SLASHES: Final = re.compile("/{2,}")


async def dispatch(request: web.Request) -> web.StreamResponse:
    """Find the path's handler and call it.

    Raises:
        PathUnknown, HttpMethodWrong: Nobody answers there, or not to this HTTP method.
    """
    path = _SLASHES.sub("/", request.path)
    route = ROUTES.get(path) or ROUTES.get(path.rstrip("/"))
    if route is None:
        request[VERSION] = 2 if path.startswith("/csc/v2/") else 1
        raise errors.PathUnknown
    request[VERSION], request[METHOD] = route.version, route.method
    if request.method not in route.http_methods:
        raise errors.HttpMethodWrong(", ".join(route.http_methods))
    return await route.handler(request)
