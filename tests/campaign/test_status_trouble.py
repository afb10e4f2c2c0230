"""Status while its database is gone: what was made in advance goes on, the rest comes later.

Also from a status process that starts meanwhile; with the database everything comes back by
itself. (7.2 rows 22, 36)
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from tests import ports, postgres, service
from tests.backdoor import Backdoor
from tests.csc_server.status.asking import GONE, Asker, words
from tests.csc_server.status.conftest import TrustService
from tests.service import Service

BACK_WITHIN_S = 30.0


@pytest.fixture
def trust(tmp_path: Path) -> Iterator[TrustService]:
    """Ana has a certificate; nobody but status and authority runs."""
    database = postgres.shared().create_database()
    changes = {"pki.port": ports.free_port(), "database_url": database}
    settings = service.create_instance(tmp_path / "instance", **changes)
    people = asyncio.run(service.enrol(settings, {"ana": service.PIN_P256}))
    running = Service(settings, "status", "authority")
    try:
        running.start()
        yield TrustService(running, people, Backdoor(settings), [])
    finally:
        ended = running.stop()
    assert ended == 0


def serial_of_ana(trust: TrustService) -> int:
    """By the register."""
    database = trust.service.settings.database.rpartition("/")[2]
    query = "SELECT serial FROM certificates WHERE profile = 'signature'"
    return int(postgres.shared().execute(query, database).strip(), 16)


async def until(asker: Asker, serial: int, expected: list[str], nonce: bytes | None) -> float:
    """Return when this is the answer; after how long."""
    started = time.monotonic()
    while time.monotonic() - started < BACK_WITHIN_S:
        try:
            if await asker.words(serial, nonce=nonce) == expected:
                return time.monotonic() - started
        except GONE:
            pass  # Nobody listens yet; asked again until the deadline.
        await asyncio.sleep(0.1)
    raise AssertionError(f"not {expected} in time")


async def test_the_database_is_gone(trust: TrustService, rounds: int) -> None:
    """Killed; then the status process too, which comes back without it; then the database."""
    server, serial = postgres.shared(), await asyncio.to_thread(serial_of_ana, trust)
    async with aiohttp.ClientSession() as http:
        asker = Asker(trust, http)
        await asker.made_in_advance(serial)
        slowest_s = 0.0
        for _ in range(max(1, rounds // 20)):
            await asyncio.to_thread(server.kill9)
            assert words(await asker.by_get(serial)) == ["good"]
            assert await asker.words(serial, nonce=os.urandom(16)) == ["try_later"]
            assert await asker.words(serial + 1) == ["try_later"]
            [process] = trust.service.processes("status")
            process.kill()
            await until(asker, serial, ["good"], None)
            assert await asker.words(serial, nonce=os.urandom(16)) == ["try_later"]
            async with http.get(f"{trust.url}/issuing.crl") as response:
                assert response.status == 200
            await asyncio.to_thread(server.start)
            slowest_s = max(slowest_s, await until(asker, serial, ["good"], os.urandom(16)))
            assert await asker.words(serial + 1) == ["unknown"]
    if rounds >= 20:
        print(f"database killed {rounds // 20} times: live answers back after {slowest_s:.1f} s")
