"""Limits with two web processes: what one counted the other knows. (security-and-pki 5.7)"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator

import aiohttp
import pytest

from tests import service
from tests.csc_server.api.conftest import World
from tests.service import Client, Reply, Service, digest_of

PER_MINUTE = 6
CALLS = 24
"""Enough connections that the kernel gives some to each process."""


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A service of two web processes."""
    settings = service.create_instance(
        tmp_path_factory.mktemp("pair") / "instance",
        **{
            "workers": 2,
            "pkcs11.processes": 1,
            "limits.signatures_per_second": 1,
            "limits.failed_logins_per_minute": PER_MINUTE,
        },
    )
    people = asyncio.run(service.enrol(settings, {"alice": service.PIN_P256}))
    running = Service(settings)
    running.start()
    yield World(running, people)
    assert running.stop() == 0


def nodes(world: World, method: str) -> set[str]:
    """The processes that answered calls of this method."""
    lines = [json.loads(line) for line in world.service.log.read_text().splitlines()]
    return {line["node"] for line in lines if line.get("method") == method}


def admitted(replies: list[Reply], refusal: int) -> int:
    """How many calls got past the limit; all others were refused by it."""
    good = [reply for reply in replies if reply.status != 429]
    assert {reply.status for reply in good} == {refusal}
    return len(good)


async def test_failed_logins_of_an_address_are_counted_together(pair: World) -> None:
    """As many as the limit says, and what grew back meanwhile."""
    basic = {"Authorization": "Basic Z2hvc3Q6eA=="}
    connector = aiohttp.TCPConnector(local_addr=("127.0.0.9", 0), force_close=True)
    async with aiohttp.ClientSession(connector=connector) as http:
        stranger = Client(http, pair.service.base_url)
        started = time.monotonic()
        replies = [await stranger.post("auth/login", {}, headers=basic) for _ in range(CALLS)]
        took_s = time.monotonic() - started
    assert nodes(pair, "auth/login") == {"web-0", "web-1"}
    assert PER_MINUTE <= admitted(replies, 400) <= PER_MINUTE + took_s * PER_MINUTE / 60


async def test_signatures_of_a_client_are_counted_together(pair: World) -> None:
    """One in each second; the others keep their approvals."""
    credential = pair.people["alice"].credentials["pin-p256"]
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True)) as http:
        alice = Client(http, pair.service.base_url)
        await alice.log_in(pair.people["alice"])
        digests = [digest_of(str(number)) for number in range(CALLS)]
        issued = [await alice.authorize(credential, digest) for digest in digests]
        started = time.monotonic()
        replies = await asyncio.gather(
            *(
                alice.sign_hash(credential, one.body["SAD"], digest)
                for one, digest in zip(issued, digests, strict=True)
            )
        )
        took_s = time.monotonic() - started
    assert nodes(pair, "signatures/signHash") == {"web-0", "web-1"}
    assert 1 <= admitted(replies, 200) <= 1 + took_s
