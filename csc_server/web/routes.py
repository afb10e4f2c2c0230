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

from csc_server.web import (
    approvals,
    descriptions,
    documents,
    handlers,
    oauth,
    operator,
    outbox,
    own_apis,
)
from csc_server.web.middleware import Handler
from csc_server.web.pages import table
from csc_server.web.requests import LINK, METHOD, PAGE, VERSION
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
    page: bool = False
    """For people: HTML, session cookie, refusals as pages. Others never read a cookie."""


def _csc(
    dialect: handlers.Dialect, own: Mapping[str, Handler], not_offered: tuple[str, ...]
) -> Iterator[Route]:
    methods = handlers.Methods(dialect)
    table: dict[str, Handler] = {
        "auth/login": handlers.login,
        "auth/revoke": handlers.revoke,
        "credentials/authorize": methods.authorize,
        "credentials/extendTransaction": methods.extend,
        "signatures/signHash": methods.sign_hash,
        "signatures/timestamp": documents.timestamp,
        "oauth2/token": oauth.token,
        "oauth2/revoke": oauth.revoke,
        "oauth2/pushed_authorize": oauth.push,
        "oauth2/par": oauth.push,
        **own,
    }
    table |= dict.fromkeys(not_offered, handlers.not_implemented)
    for name, handler in table.items():
        http_methods = ("POST", "GET") if name == "info" else _POST
        path = f"/csc/v{dialect.version}/{name}"
        yield Route(path, handler, http_methods, dialect.version, name)


def _routes() -> Iterator[Route]:
    own_v1 = {
        "info": handlers.info_v1,
        "credentials/list": handlers.list_v1,
        "credentials/info": handlers.credential_v1,
        "credentials/sendOTP": handlers.send_otp,
    }
    own_v2 = {
        "info": handlers.info_v2,
        "credentials/list": handlers.list_v2,
        "credentials/info": handlers.credential_v2,
        "credentials/authorize": approvals.authorize,
        "credentials/authorizeCheck": approvals.check,
        "credentials/getChallenge": handlers.challenge,
        "signatures/signHash": documents.sign_hash,
        "signatures/signDoc": documents.sign_doc,
        "signatures/signPolling": documents.poll,
    }
    yield from _csc(handlers.V1, own_v1, ())
    yield from _csc(handlers.V2, own_v2, common.NOT_OFFERED_V2)
    yield Route("/health/live", operator.live, _GET, method="health/live")
    yield Route("/health/ready", operator.ready, _GET, method="health/ready")
    yield Route("/metrics", operator.scrape, _GET, method="metrics")
    for path, http_method, own in own_apis.TABLE:
        # Errors in the words of v2, which name the parameter.
        yield Route(path, own, (http_method,), 2, path.strip("/*"))
    yield Route("/openapi.json", descriptions.own_apis, _GET, method="openapi")
    yield Route("/csc/openapi.json", descriptions.csc_methods, _GET, method="csc/openapi")
    yield Route(
        "/.well-known/oauth-authorization-server", oauth.metadata, _GET, 2, "oauth2/metadata"
    )
    yield Route("/logo.png", operator.logo, _GET, method="logo")
    yield Route("/outbox", outbox.page, _GET, method="outbox")
    yield Route("/outbox/*", outbox.mail, _GET, method="outbox/mail")
    yield Route("/outbox.json", outbox.as_json, _GET, method="outbox.json")
    for path, asset in table.ASSETS.items():
        yield Route(path, asset, _GET, method="static")
    for page in table.PAGES:
        yield Route(page.path, page, page.http_methods, 2, f"page{page.path}", page=True)


ROUTES: Final = {route.path: route for route in _routes()}
_SLASHES: Final = re.compile("/{2,}")


async def dispatch(request: web.Request) -> web.StreamResponse:
    """Find the path's handler and call it.

    Raises:
        PathUnknown, HttpMethodWrong: Nobody answers there, or not to this HTTP method.
    """
    path = _SLASHES.sub("/", request.path)
    route = _exactly(path) or _exactly(path.rstrip("/")) or _ending_in_a_token(request, path)
    if route is None:
        request[VERSION] = 2 if path.startswith("/csc/v2/") else 1
        raise errors.PathUnknown
    request[VERSION], request[METHOD], request[PAGE] = route.version, route.method, route.page
    if request.method not in route.http_methods:
        raise errors.HttpMethodWrong(", ".join(route.http_methods))
    return await route.handler(request)


def _exactly(path: str) -> Route | None:
    # Where we write a star, a token stands; somebody who sends a star sends that token.
    return None if path.endswith("/*") else ROUTES.get(path)


def _ending_in_a_token(request: web.Request, path: str) -> Route | None:
    """The page behind a mailed link, ``/register/TOKEN``; the token goes to the handler alone."""
    before, _, token = path.rpartition("/")
    route = ROUTES.get(f"{before}/*")
    if route is not None:
        request[LINK] = token
    return route
