"""Servers that mean ill: reported as failures, in bounded time and memory."""

from __future__ import annotations

import asyncio
import json
import ssl
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from conformance import registry, runner
from conformance.model import Report, Verdict, Version
from conformance.profile import Approval, Limits, OAuth, Profile, Service
from tests.conformance import hostile
from tests.conformance.measured import Silent

LIMITS = Limits(requests=400, seconds=20, request_seconds=0.5, body_bytes=1 << 20)
_CHILD = """
import asyncio, json, sys
from conformance import registry, runner
from conformance.profile import Limits, Profile
from tests.conformance.measured import Silent
url = sys.argv[1]
limits = Limits(seconds=60, bytes_per_second=1 << 30)
report = asyncio.run(runner.run(Profile(urls=(url,), limits=limits), registry.every(), Silent()))
# Not ru_maxrss, which knows the process that this one was forked from as well.
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
peak = int(status["VmHWM"].split()[0])
print(json.dumps({"kib": peak, "requests": report.requests}))
"""


async def found(url: str) -> Report:
    """What the suite says of the server at ``url``."""
    profile = Profile(
        urls=(url,),
        versions=(Version.V21,),
        service=Service(kind="basic", username="alice", password="wonderland-1"),
        oauth=OAuth(client_id="app", client_secret="app-secret-3", redirect_uri="http://x/cb"),
        approval=Approval(pin="1234"),
        limits=LIMITS,
    )
    return await runner.run(profile, registry.every(), Silent())


@pytest.mark.parametrize("answer", hostile.EVERY, ids=lambda one: one.__name__)
async def test_it_is_reported_and_bounded(answer: hostile.Answering) -> None:
    """`info` fails, no check has a fault of its own, and the budget holds."""
    async with hostile.serving(answer) as url:
        began = time.monotonic()
        report = await found(url)
    results = {result.check.id: result for run in report.runs for result in run.results}
    if answer is not hostile.odd_types:
        assert results["info.answers"].verdict is Verdict.FAIL
        assert results["info.answers"].reasons
    assert report.count(Verdict.FAIL)
    assert not [r for r in results.values() if any("fault of this suite" in x for x in r.reasons)]
    assert report.requests <= LIMITS.requests
    assert time.monotonic() - began < LIMITS.seconds + 5


async def test_nobody_follows_a_redirect() -> None:
    """The other host is named in the report and never asked."""
    asked = []

    async def other(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.json_response({})

    async def here(request: web.Request) -> web.Response:
        raise web.HTTPTemporaryRedirect(f"{elsewhere}/csc/v2/info")

    async with site(other) as elsewhere, site(here) as base:
        report = await found(f"{base}/csc/v2")
    assert asked == []
    shown = json.dumps([one.response_headers for one in report.runs[0].results[0].exchanges])
    assert elsewhere in shown


@asynccontextmanager
async def site(handler: object) -> AsyncIterator[str]:
    """A site of which every path is answered by ``handler``."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)  # type: ignore[arg-type]  # a handler of this file
    running = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await running.setup()
    await web.TCPSite(running, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{running.addresses[0][1]}"
    finally:
        await running.cleanup()


async def test_tls_that_is_none() -> None:
    """An https address behind which plain text is spoken."""
    async with hostile.serving(hostile.page) as url:
        report = await found(url.replace("http:", "https:"))
    assert report.runs[0].results[0].verdict is Verdict.FAIL


async def test_tls_that_nobody_vouches_for(tmp_path: Path) -> None:
    """A certificate of nobody's is not believed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    key, certificate = str(tmp_path / "key.pem"), str(tmp_path / "certificate.pem")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-keyout", key, "-out", certificate, "-subj", "/CN=127.0.0.1"),
        ],
        check=True,
        capture_output=True,
    )
    context.load_cert_chain(certificate, key)

    async def nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(nothing, "127.0.0.1", 0, ssl=context)
    async with server:
        port = server.sockets[0].getsockname()[1]
        report = await found(f"https://127.0.0.1:{port}/csc/v2")
    result = report.runs[0].results[0]
    assert result.verdict is Verdict.FAIL
    assert "certificate" in " ".join(result.reasons).lower()


async def test_the_budget_of_requests_is_never_exceeded() -> None:
    """Whatever is left over is not run, and says so."""
    count = 0

    async def here(request: web.Request) -> web.Response:
        nonlocal count
        count += 1
        return web.json_response({"error": "server_error"}, status=500)

    limits = Limits(requests=10)
    async with site(here) as base:
        profile = Profile(urls=(f"{base}/csc/v1",), limits=limits)
        report = await runner.run(profile, registry.every(), Silent())
    assert count == report.requests == 10
    reasons = {reason for result in report.runs[0].results for reason in result.reasons}
    assert any("budget of 10 requests" in one for one in reasons)


@pytest.mark.parametrize("answer", [hostile.gigabyte, hostile.endless, hostile.bomb])
async def test_memory_is_bounded(answer: hostile.Answering) -> None:
    """The whole suite stays below 200 MB, with its own limits."""
    async with hostile.serving(answer) as url:
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", _CHILD, url), stdout=subprocess.PIPE
        )
        output, _ = await child.communicate()
    told = json.loads(output)
    assert told["kib"] < 200 << 10, told
