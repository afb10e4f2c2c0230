"""What the races share: one service on each database, and who is known to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import aiohttp
import pytest

from csc_server.commands import audit
from csc_server.config import Settings
from csc_server.ports.sessions import SessionKey
from tests import postgres, service
from tests.campaign import load
from tests.csc_server.oauth import clients, store
from tests.service import Client, Person, Service

AT_ONCE: Final = 64
"""Requests of one race."""
CODES: Final = ("login", "sign", "both")
"""What people with an authenticator do with their code."""


@dataclass
class Racecourse:
    """SQLite with one web process, or PostgreSQL with two."""

    service: Service
    people: dict[str, Person]
    """``alice`` signs by PIN; ``login-0``, ``sign-0``, ``both-0`` and so on have a code each."""
    cookie: SessionKey
    """Of Alice's browser."""

    @asynccontextmanager
    async def client(self, person: Person) -> AsyncIterator[Client]:
        """The person, logged in, with a connection for each request of a race."""
        async with self.http() as http:
            client = Client(http, self.service.base_url)
            assert (await client.log_in(person)).status == 200
            yield client

    def http(self) -> aiohttp.ClientSession:
        """Connections without cookies of their own."""
        connector = aiohttp.TCPConnector(limit=AT_ONCE)
        return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())

    def was_run_by_all(self, *methods: str) -> None:
        """Return when every web process answered each of these methods."""
        everybody = {f"web-{number}" for number in range(self.service.settings.workers)}
        for method in methods:
            assert load.nodes(self.service, method) == everybody, method


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def racecourse(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, rounds: int
) -> Iterator[Racecourse]:
    """The running service; at the end its audit log holds."""
    changes = {}
    if request.param == "postgresql":
        changes = {"workers": 2, "database_url": postgres.shared().create_database()}
    settings = service.create_instance(tmp_path_factory.mktemp("races") / "instance", **changes)
    made = asyncio.run(_prepared(settings, rounds))
    made.service.start()
    yield made
    assert made.service.stop() == 0
    assert asyncio.run(audit.verify_log(settings)).finding is None


async def _prepared(settings: Settings, rounds: int) -> Racecourse:
    names = [f"{way}-{number}" for way in CODES for number in range(max(1, rounds // 5))]
    wanted = {"alice": service.PIN_P256} | dict.fromkeys(names, service.OTP_P256)
    people = await service.enrol(settings, wanted)
    async with store.opened(settings, "test") as opened:
        await store.register(opened, [clients.client("house", require_consent=False)])
        cookie = await store.sign_in(opened, people["alice"].account_id)
    return Racecourse(Service(settings), people, cookie)
