"""The edge of every request: time limit, unexpected errors, one answer to each."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import structlog
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from csc_server.adapters.entropy import SystemEntropy
from csc_server.web.middleware import edge
from policies import errors

Edge = TestClient[web.Request, web.Application]


@pytest.fixture
async def client() -> AsyncIterator[Edge]:
    """A bare application behind the middleware, with handlers that misbehave."""

    async def slow(request: web.Request) -> web.Response:
        await asyncio.sleep(60)
        return web.Response()

    async def broken(request: web.Request) -> web.Response:
        raise RuntimeError("the detail that only operators see")

    async def refusing(request: web.Request) -> web.Response:
        raise errors.SadExpired("2026")

    application = web.Application(middlewares=[edge(0.05, SystemEntropy())])
    application.router.add_get("/slow", slow)
    application.router.add_get("/broken", broken)
    application.router.add_get("/refusing", refusing)
    async with TestClient(TestServer(application)) as opened:
        yield opened


async def test_a_request_that_takes_too_long_is_asked_to_come_back(client: Edge) -> None:
    """503 temporarily_unavailable with Retry-After."""
    async with client.get("/slow") as response:
        assert response.status == 503
        assert (await response.json())["error"] == "temporarily_unavailable"
        assert response.headers["Retry-After"] == "1"


async def test_a_bug_is_a_number_to_the_client_and_a_traceback_to_the_log(client: Edge) -> None:
    """500 server_error; the reference leads to the log line, which has the whole story."""
    with structlog.testing.capture_logs() as logs:
        async with client.get("/broken") as response:
            body = await response.json()
    assert (response.status, body["error"]) == (500, "server_error")
    assert "operators" not in str(body)
    assert logs[0]["correlation_id"] in body["error_description"]
    assert isinstance(logs[0]["exc_info"], RuntimeError)
    assert logs[0]["log_level"] == "error"


async def test_a_refusal_is_one_quiet_event(client: Edge) -> None:
    """Reason and detail for the operator, no traceback."""
    with structlog.testing.capture_logs() as logs:
        async with client.get("/refusing") as response:
            assert response.status == 400
    assert [one["reason"] for one in logs] == ["SadExpired"]
    assert "exc_info" not in logs[0]
