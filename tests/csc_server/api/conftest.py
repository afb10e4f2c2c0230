"""One running service for all API tests, and a fresh client for each."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import aiohttp
import pytest

from policies.algorithms import KeyAlgorithm
from tests import service
from tests.service import Client, Person, Service, Wanted

CODES = 24
"""People with a one-time code of their own: a code is good once, so tests do not share them."""

PROXY = "127.0.0.2"
"""Whose ``X-Forwarded-For`` is believed."""

SMS_NAMES = ("sorin", "simona", "stela", "silviu", "sanda")
"""People with codes by SMS: each gets one SMS a minute, so tests do not share them."""

PEOPLE: dict[str, dict[str, Wanted]] = {
    "alice": {
        "pin-p256": Wanted(KeyAlgorithm.P_256),
        "pin-rsa": Wanted(KeyAlgorithm.RSA_3072),
        "pin-otp": Wanted(KeyAlgorithm.P_384, otp=True, multisign=5),
        "pin-few": Wanted(KeyAlgorithm.P_256, multisign=3),
    },
    "mallory": service.PIN_P256,
    "nobody": {},
    **{name: {"pin-sms": Wanted(KeyAlgorithm.P_256, sms=True)} for name in SMS_NAMES},
    "locked": service.PIN_P256,
    # For the tests of our own APIs, which change people and run into limits.
    **dict.fromkeys(("olga", "petra"), service.PIN_P256),
    **{f"code-{number}": service.OTP_P256 for number in range(CODES)},
}


@dataclass
class World:
    """The service and who is known to it."""

    service: Service
    people: dict[str, Person]

    def with_code(self) -> Person:
        """Somebody whose code no test has used."""
        return self.people[f"code-{next(_next_code)}"]


_next_code = iter(range(CODES))


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The running service."""
    settings = service.create_instance(
        tmp_path_factory.mktemp("api") / "instance", trusted_proxies=[f"{PROXY}/32"]
    )
    people = asyncio.run(service.enrol(settings, PEOPLE))
    running = Service(settings)
    running.start()
    yield World(running, people)
    assert running.stop() == 0


@pytest.fixture
async def client(world: World) -> AsyncIterator[Client]:
    """A client of v1 that is not logged in."""
    async with aiohttp.ClientSession() as http:
        yield Client(http, world.service.base_url)


@pytest.fixture
async def alice(client: Client, world: World) -> Client:
    """Alice, logged in to v1."""
    assert (await client.log_in(world.people["alice"])).status == 200
    return client


@pytest.fixture
def alice_v2(alice: Client) -> Client:
    """Alice in v2 with the same token."""
    other = Client(alice.http, alice.base_url, version=2)
    other.token = alice.token
    return other
