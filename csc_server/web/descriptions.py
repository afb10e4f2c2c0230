"""The descriptions of our APIs, for whoever wants to generate a client: no token needed."""

from __future__ import annotations

import orjson
from aiohttp import web

from csc_server.web.requests import services
from csc_server.wire import v1, v2
from csc_server.wire.openapi import csc, own, schemas


async def csc_methods(request: web.Request) -> web.Response:
    """The CSC methods that this instance announces in ``info``."""
    service = services(request)
    info_v1 = v1.render_info(service.info)
    info_v2 = v2.render_info(service.info, service.key_algorithms)
    return _document(csc.document(info_v1, info_v2))


async def own_apis(request: web.Request) -> web.Response:
    """registration/v1 and account/v1."""
    return _document(own.document(services(request).info.name))


def _document(document: dict[str, object]) -> web.Response:
    headers = {"Content-Type": schemas.MEDIA_TYPE}
    return web.Response(body=orjson.dumps(document), headers=headers)
