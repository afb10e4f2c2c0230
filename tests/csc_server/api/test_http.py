"""What HTTP itself can get wrong: every answer is JSON, none breaks the service."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from tests.csc_server.api.conftest import PROXY, World
from tests.service import Client, Reply, digest_of

A = digest_of("a")


def assert_json_error(headers: Any, body: Any) -> None:
    """A flat JSON error of CSC v1 10.1."""
    assert headers["Content-Type"] == "application/json;charset=UTF-8"
    assert set(body) == {"error", "error_description"}


@pytest.mark.parametrize(
    "path",
    ["nothing", "credentials", "credentials/LIST", "signatures/", "", "%0Anothing", "a%0A/b"],
)
async def test_unknown_paths(client: Client, path: str) -> None:
    """404; method names are case-sensitive."""
    reply = await client.post(path, {})
    assert reply.status == 404
    assert_json_error(reply.headers, reply.body)


@pytest.mark.parametrize("path", ["outbox", "register", "password"])
@pytest.mark.parametrize("end", ["", "/"])
async def test_a_star_is_a_token_like_any_other(client: Client, path: str, end: str) -> None:
    """Not the way we write our routes."""
    url = f"{client.base_url}/{path}"
    async with (
        client.http.get(f"{url}/*{end}") as star,
        client.http.get(f"{url}/nothing{end}") as other,
    ):
        assert star.status == other.status < 500


@pytest.mark.parametrize("verb", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_other_verbs(client: Client, verb: str) -> None:
    """405 with Allow."""
    url = f"{client.base_url}/csc/v1/credentials/list"
    async with client.http.request(verb, url) as response:
        assert response.status == 405
        assert response.headers["Allow"] == "POST"
        assert_json_error(response.headers, await response.json())


@pytest.mark.parametrize(
    ("version", "method"),
    [
        (1, "signatures/timestamp"),
        (2, "credentials/sendOTP"),
        (2, "signatures/timestamp"),
    ],
)
async def test_methods_that_are_not_there_yet(client: Client, version: int, method: str) -> None:
    """501 not_implemented, and info does not list them."""
    client.version = version
    reply = await client.post(method, {})
    assert reply.error == (501, "not_implemented", "The method is not implemented.")
    assert method not in (await client.post("info", {})).body["methods"]


async def test_slashes_too_many(client: Client) -> None:
    """Clients that join URLs badly are understood (CSC spec 1.1)."""
    for path in ("/csc/v1//info", "//csc/v1/info", "/csc/v1/info/"):
        async with client.http.post(client.base_url + path, json={}) as response:
            assert response.status == 200, path


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "text/json"])
async def test_other_content_types(alice: Client, kind: str) -> None:
    """415."""
    headers = {"Authorization": f"Bearer {alice.token}", "Content-Type": kind}
    reply = await alice.post("credentials/list", None, data=b"{}", headers=headers)
    assert reply.status == 415
    assert_json_error(reply.headers, reply.body)


@pytest.mark.parametrize("kind", ["application/json", "application/json; charset=utf-8"])
async def test_json_content_types(alice: Client, kind: str) -> None:
    """With and without charset."""
    headers = {"Authorization": f"Bearer {alice.token}", "Content-Type": kind}
    assert (await alice.post("credentials/list", None, data=b"{}", headers=headers)).status == 200


@pytest.mark.parametrize(
    "raw", [b"{", b"[]", b"nonsense", b'"x"', b"\xff\xfe", b'{"a":1,"a":2}', b"[" * 100_000]
)
async def test_bodies_that_are_no_json_object(alice: Client, raw: bytes) -> None:
    """400 with the general sentence."""
    headers = {"Authorization": f"Bearer {alice.token}", "Content-Type": "application/json"}
    reply = await alice.post("credentials/list", None, data=raw, headers=headers)
    assert (reply.status, reply.body["error"]) == (400, "invalid_request")
    assert reply.body["error_description"].startswith("The request is missing")


async def test_unknown_members_and_nulls_do_not_matter(alice: Client, world: World) -> None:
    """What EUDI clients send: null for every optional member, and more (CSC spec 1.3)."""
    credential = world.people["alice"].credentials["pin-p256"]
    extra = {"vendor": {"x": [1]}, "clientData": None, "lang": None, "description": None}
    issued = await alice.authorize(credential, A, **extra, OTP=None)
    signed = await alice.sign_hash(
        credential, issued.body["SAD"], A, **extra, hashAlgo=None, signAlgoParams=None
    )
    assert (issued.status, signed.status) == (200, 200)


async def test_ten_megabytes_are_too_large(alice: Client) -> None:
    """413, and the next request is fine."""
    headers = {"Authorization": f"Bearer {alice.token}", "Content-Type": "application/json"}
    raw = b'{"x":"' + b"a" * 10_000_000 + b'"}'
    reply = await alice.post("credentials/list", None, data=raw, headers=headers)
    assert reply.status == 413
    assert_json_error(reply.headers, reply.body)
    assert (await alice.post("credentials/list", {})).status == 200


async def test_a_hundred_thousand_hashes(alice: Client, world: World) -> None:
    """Over the body limit: 413. Below it, more than multisign: refused; nothing breaks."""
    credential = world.people["alice"].credentials["pin-p256"]
    assert (await alice.authorize(credential, *[A] * 100_000)).status == 413
    many = await alice.authorize(credential, *[A] * 20_000)
    assert many.error == (400, "invalid_request", "Numbers of signatures is too high")
    sad = (await alice.authorize(credential, A)).body["SAD"]
    flood = await alice.sign_hash(credential, sad, *[A] * 20_000)
    assert flood.error == (400, "invalid_request", "Hash is not authorized by the SAD.")
    assert (await alice.sign_hash(credential, sad, A)).status == 200


async def test_a_failing_address_is_slowed_down(world: World) -> None:
    """429 after ten failed logins within a minute, with Retry-After; others go on.

    Saying to be somebody else each time does not help.
    """
    strangers = (f"203.0.113.{number % 256}" for number in itertools.count())
    async with _stranger(world, "127.0.0.9") as stranger:
        refused = await _slowed_down(stranger, strangers)
    assert refused.headers["Retry-After"] == "30"
    assert_json_error(refused.headers, refused.body)
    async with aiohttp.ClientSession() as http:
        friend = Client(http, world.service.base_url)
        assert (await friend.log_in(world.people["nobody"])).status == 200


async def test_behind_a_proxy_each_caller_has_a_limit_of_its_own(world: World) -> None:
    """The address that our proxy tells of is slowed down; the next one through it is not."""
    async with _stranger(world, PROXY) as proxy:
        await _slowed_down(proxy, itertools.repeat("192.0.2.1, 198.51.100.9"))
        assert (await _fail(proxy, "198.51.100.10")).status == 400
    lines = world.service.log.read_text().splitlines()
    logins = [one for line in lines if (one := json.loads(line)).get("method") == "auth/login"]
    assert [one["source"] for one in logins[-2:]] == ["198.51.100.9", "198.51.100.10"]


@asynccontextmanager
async def _stranger(world: World, address: str) -> AsyncIterator[Client]:
    """A client with connections from an address."""
    connector = aiohttp.TCPConnector(local_addr=(address, 0))
    async with aiohttp.ClientSession(connector=connector) as http:
        yield Client(http, world.service.base_url)


async def _fail(client: Client, forwarded: str) -> Reply:
    """A login that fails, on behalf of an address."""
    headers = {"Authorization": "Basic Z2hvc3Q6eA==", "X-Forwarded-For": forwarded}
    return await client.post("auth/login", {}, headers=headers)


async def _slowed_down(client: Client, forwarded: Iterator[str]) -> Reply:
    """The first answer that is no 400: it is 429, after ten and what time has given back."""
    started, failed = time.monotonic(), 0
    while (reply := await _fail(client, next(forwarded))).status == 400:
        failed += 1
    assert reply.status == 429
    given_back = (time.monotonic() - started) // 6
    assert 10 <= failed <= 10 + given_back
    return reply


async def test_broken_http_does_not_break_the_service(client: Client, world: World) -> None:
    """Garbage on the socket is answered or cut; the service goes on."""
    port = world.service.settings.port
    for garbage in (
        b"\x16\x03\x01\x00\xa5",
        b"GET\r\n\r\n",
        b"POST / HTTP/9.9\r\n\r\n",
        b"\0" * 99,
    ):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(garbage)
        writer.write_eof()
        await asyncio.wait_for(reader.read(), 5)
        writer.close()
    assert (await client.post("info", {})).status == 200


async def test_security_headers(client: Client) -> None:
    """Nothing is cached, framed, sniffed or referred."""
    reply = await client.post("info", {})
    assert reply.headers["Cache-Control"] == "no-store"
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert reply.headers["Referrer-Policy"] == "no-referrer"
    assert "default-src 'none'" in reply.headers["Content-Security-Policy"]


async def test_health_metrics_and_logo(client: Client) -> None:
    """Operators' paths answer; the logo that info names is a PNG."""
    for path, text in (("/health/live", "live"), ("/health/ready", "ready")):
        async with client.http.get(client.base_url + path) as response:
            assert (response.status, (await response.json())["status"]) == (200, text)
    async with client.http.get(client.base_url + "/metrics") as response:
        told = await response.text()
    for name in ("paraph_requests_total", "\nparaph_sms_last_day ", "paraph_sms_per_day 1000.0"):
        assert name in told
    info = (await client.post("info", {})).body
    async with client.http.get(info["logo"]) as response:
        assert (await response.read()).startswith(b"\x89PNG")


async def test_every_request_is_one_event(alice: Client, world: World) -> None:
    """One JSON line with method, status, account and time; nothing of the body."""
    await alice.post("credentials/list", {"clientData": "marker-17"})
    lines = world.service.log.read_text().splitlines()
    events = [json.loads(line) for line in lines]
    found = [one for one in events if one.get("method") == "credentials/list"][-1]
    assert found["status"] == 200
    assert found["account_id"] == world.people["alice"].account_id
    assert {"correlation_id", "duration_ms", "source", "timestamp"} <= set(found)
    assert not any("marker-17" in line for line in lines)
