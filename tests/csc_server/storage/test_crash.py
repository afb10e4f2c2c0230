"""What was answered survives: a killed process, a killed PostgreSQL, a full disk."""

from __future__ import annotations

import asyncio
import json
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, suppress
from functools import partial
from pathlib import Path

import pytest

from csc_server import storage as storage_package
from csc_server.ports import StorageUnavailable
from csc_server.storage import Storage, sqlite, verify_audit
from policies.secret import Sad
from tests.build import DIGEST_A
from tests.contracts import stores
from tests.contracts.stores import CRED_ALICE
from tests.csc_server.storage import raw
from tests.csc_server.storage.waiting import until
from tests.postgres import Postgres

ORDER = ["issued", "consuming", "used"]
LINES = 400
LIMIT_S = 6.0
"""How long a caller may be kept waiting by a database that is gone."""


def _run_writer(url: str, directory: Path, *, lines: int, disk_bytes: int = 0) -> dict[str, str]:
    """The last state that was answered for each SAD; the process is killed after some lines."""

    def limited() -> None:
        if disk_bytes:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (disk_bytes, disk_bytes))

    answered: dict[str, str] = {}
    command = [sys.executable, "-m", "tests.csc_server.storage.writer", url, str(directory)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, preexec_fn=limited) as writer:
        assert writer.stdout is not None
        for number, line in enumerate(writer.stdout):
            if number == lines:
                writer.kill()
            if not line.endswith("\n"):
                break
            state, _, name = line.strip().partition(" ")
            answered[name] = state
    return answered


async def _judge(url: str, directory: Path, answered: dict[str, str]) -> None:
    """Everything that was answered is there, and no reservation lacks its audit record."""
    async with stores.opened(url, directory) as store:
        for name, state in answered.items():
            facts = await store.authorizations.facts(Sad(f"handle-{name}"), CRED_ALICE)
            assert facts.authorization is not None
            assert ORDER.index(facts.authorization.state) >= ORDER.index(state)
    report = await verify_audit(
        url, journals=[directory / "head"], checkpoints=[directory / "checkpoints"]
    )
    assert report.finding is None
    claimed = "SELECT operation_id FROM occurrences WHERE state IN ('reserved', 'consumed')"
    reserved = {operation for [operation] in raw.query(url, claimed)}
    intents = "SELECT body FROM audit WHERE type = 'sign.intent'"
    audited = {json.loads(body)["details"]["operation_id"] for [body] in raw.query(url, intents)}
    assert reserved == audited


@pytest.mark.parametrize("round_", range(3))
async def test_a_killed_writer_loses_nothing_that_was_answered(
    url: str, tmp_path: Path, round_: int
) -> None:
    """kill -9 in the middle of a load: all answers hold, the chain is whole."""
    async with stores.opened(url, tmp_path) as store:
        await stores.populate(store)
    lines = LINES + 37 * round_
    answered = await asyncio.to_thread(_run_writer, url, tmp_path, lines=lines)
    assert len(answered) > 16
    await _judge(url, tmp_path, answered)


@pytest.mark.parametrize("kilobytes", [260, 333, 512])
async def test_a_full_disk_breaks_nothing(tmp_path: Path, kilobytes: int) -> None:
    """Writes fail with a definite error, answers hold, and with space the store goes on."""
    url = await stores.empty_url("sqlite", tmp_path)
    async with stores.opened(url, tmp_path) as store:
        await stores.populate(store)
    answered = await asyncio.to_thread(
        _run_writer, url, tmp_path, lines=10**6, disk_bytes=kilobytes * 1024
    )
    assert answered.pop("") == "unavailable"
    assert answered
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    await _judge(url, tmp_path, answered)
    async with stores.opened(url, tmp_path) as store:
        await stores.issue(store, "sad-afterwards", DIGEST_A)


async def test_a_locked_database_is_unavailable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process that keeps the write lock: writes fail, reads go on, nothing is done."""
    monkeypatch.setattr(sqlite, "BUSY_S", 0.05)
    url = await stores.empty_url("sqlite", tmp_path)
    async with stores.opened(url, tmp_path) as store:
        await stores.populate(store)
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StorageUnavailable):
                await stores.issue(store, "sad-1", DIGEST_A)
            assert await store.accounts.find("alice") is not None
            other.rollback()
        await stores.issue(store, "sad-1", DIGEST_A)


@pytest.fixture
def server() -> Iterator[Postgres]:
    """A PostgreSQL of its own, for it will be killed."""
    own = Postgres()
    own.start()
    yield own
    own.close()


@pytest.fixture
async def killable(server: Postgres, tmp_path: Path) -> AsyncIterator[Storage]:
    """A store on that server."""
    url = server.create_database()
    await storage_package.migrate(url)
    async with stores.opened(url, tmp_path) as store:
        await stores.populate(store)
        yield store


async def test_a_killed_postgresql_is_unavailable_and_comes_back(
    server: Postgres, killable: Storage
) -> None:
    """Every call ends in time; after the restart the store heals by itself, nothing is lost."""
    for _ in range(3):
        answered: list[str] = []
        load = [asyncio.create_task(_issue_until_down(killable, n, answered)) for n in range(8)]
        await until(partial(_more_than, answered, 40))
        await asyncio.to_thread(server.kill9)
        for call in (asyncio.gather(*load), _unavailable(killable)):
            await asyncio.wait_for(call, LIMIT_S)
        await asyncio.to_thread(server.start)
        await _healed(killable)
        for name in answered:
            assert (await stores.states(killable, name))[0] == "issued"


async def test_a_frozen_postgresql_keeps_nobody_waiting(
    server: Postgres, killable: Storage
) -> None:
    """Backends that do not answer: every call ends in time, and later ones succeed."""
    with server.frozen():
        calls = [
            stores.issue(killable, "sad-1", DIGEST_A),
            stores.issue(killable, "sad-2", DIGEST_A),
            killable.ping(),
        ]
        results = await asyncio.wait_for(asyncio.gather(*calls, return_exceptions=True), LIMIT_S)
    assert [type(result) for result in results] == [StorageUnavailable] * 3
    await _healed(killable)


async def _issue_until_down(store: Storage, caller: int, answered: list[str]) -> None:
    with suppress(StorageUnavailable):
        while True:
            name = f"sad-{caller}-{time.monotonic_ns()}"
            await stores.issue(store, name, DIGEST_A)
            answered.append(name)


def _more_than(answered: list[str], count: int) -> bool:
    return len(answered) > count


async def _unavailable(store: Storage) -> None:
    with pytest.raises(StorageUnavailable):
        await store.ping()
    with pytest.raises(StorageUnavailable):
        await stores.issue(store, "sad-down", DIGEST_A)


async def _healed(store: Storage) -> None:
    """Return when reads and writes succeed; until then they fail as they should."""
    async with asyncio.timeout(30):
        for number in range(1000):
            with suppress(StorageUnavailable):
                await store.ping()
                await stores.issue(store, f"sad-healed-{time.monotonic_ns()}-{number}", DIGEST_A)
                return
