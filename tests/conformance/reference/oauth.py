"""The authorization server of the reference (v1 8.3; v2 8.4)."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from tests.conformance.reference.server import Server


def routes(_server: Server) -> list[web.RouteDef]:
    """Its endpoints."""
    return []


def announced(server: Server, _major: int) -> dict[str, Any]:
    """What ``info`` says about it."""
    return {"oauth2": f"{server.base}/"}
