"""Journal and checkpoints: written in step with the commits, and believed at the next start."""

# ruff: noqa: S608  # the attacker writes his statements as he likes

from __future__ import annotations

import asyncio
import os
import stat
from functools import partial
from pathlib import Path

import pytest

from csc_server.ports import StorageUnavailable
from csc_server.storage import (
    DatabaseRolledBack,
    SchemaOutdated,
    Storage,
    WitnessBroken,
    journal,
)
from csc_server.storage.audit import Head
from csc_server.storage.checkpointer import Checkpointer
from hsm.errors import Busy
from policies.audit import EventType
from tests.contracts import stores
from tests.csc_server.storage import raw
from tests.csc_server.storage.waiting import until


async def sign(statement: bytes) -> bytes:
    """A device that signs at once."""
    return b"signature over " + statement[-8:]


async def _note(store: Storage, count: int) -> None:
    for _ in range(count):
        await store.authorizations.note([stores.event(EventType.LOGIN)])


async def test_the_journal_names_the_last_commit(url: str, tmp_path: Path) -> None:
    """After each answer the file holds that record or a later one; nobody else may read it."""
    async with stores.opened(url, tmp_path) as store:
        for number in range(1, 4):
            await _note(store, 1)
            head = journal.read_journal(tmp_path / "head")
            assert head is not None
            assert head.seq == number
    assert stat.S_IMODE((tmp_path / "head").stat().st_mode) == 0o600


async def test_a_rolled_back_database_is_not_served(url: str, tmp_path: Path) -> None:
    """The journal knows a record that the database has lost."""
    async with stores.opened(url, tmp_path) as store:
        await _note(store, 5)
    raw.execute(url, ["DELETE FROM audit WHERE seq > 3", "UPDATE audit_head SET seq = 3"])
    with pytest.raises(DatabaseRolledBack):
        async with stores.opened(url, tmp_path):
            pass


async def test_another_history_is_not_served(url: str, tmp_path: Path) -> None:
    """A database that was rolled back and went on differently is found out by the hash."""
    async with stores.opened(url, tmp_path) as store:
        await _note(store, 5)
    raw.execute(
        url,
        ["DELETE FROM audit", f"UPDATE audit_head SET seq = 0, hash = {raw.blob(url, bytes(32))}"],
    )
    other = tmp_path / "other"
    other.mkdir()
    async with stores.opened(url, other) as store:
        await store.authorizations.note([stores.event(EventType.LOGIN, n=n) for n in range(9)])
    with pytest.raises(DatabaseRolledBack):
        async with stores.opened(url, tmp_path):
            pass


async def test_a_checkpoint_alone_stops_a_rolled_back_database(url: str, tmp_path: Path) -> None:
    """Also when the journal was lost."""
    async with stores.opened(url, tmp_path, sign_checkpoint=sign) as store:
        await _note(store, 5)
    (tmp_path / "head").unlink()
    raw.execute(url, ["DELETE FROM audit WHERE seq > 3", "UPDATE audit_head SET seq = 3"])
    with pytest.raises(DatabaseRolledBack):
        async with stores.opened(url, tmp_path):
            pass


async def test_a_journal_that_lags_is_believed(url: str, tmp_path: Path) -> None:
    """After a power cut the journal may be behind the database."""
    async with stores.opened(url, tmp_path) as store:
        await _note(store, 2)
        old = (tmp_path / "head").read_bytes()
        await _note(store, 2)
    (tmp_path / "head").write_bytes(old)
    async with stores.opened(url, tmp_path) as store:
        await store.ping()


@pytest.mark.parametrize("content", [b"0", b"x" * 86, b"%020d %s\n" % (-1, b"zz" * 32)])
async def test_a_broken_journal_is_refused(url: str, tmp_path: Path, content: bytes) -> None:
    """What cannot be read is not taken for nothing."""
    (tmp_path / "head").write_bytes(content)
    with pytest.raises(WitnessBroken):
        async with stores.opened(url, tmp_path):
            pass


async def test_a_journal_that_cannot_be_written_stops_answers(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No answer without its witness."""

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    async with stores.opened(url, tmp_path) as store:
        with monkeypatch.context() as patched:
            patched.setattr(os, "pwrite", full)
            with pytest.raises(StorageUnavailable):
                await _note(store, 1)
        await _note(store, 1)


async def test_a_torn_checkpoint_is_cut_off(tmp_path: Path) -> None:
    """Half a line after a power cut is neither an error nor in the way of the next one."""
    file = tmp_path / "checkpoints"
    for text in ("", '{"at": 1, "ha'):
        with file.open("a") as torn:
            torn.write(text)
        checkpoints = journal.Checkpoints(file)
        checkpoints.append(journal.Checkpoint(Head(1, b"h" * 32, 5), b"signature"))
        checkpoints.close()
    assert [one.head for one in journal.read_checkpoints(file)] == [Head(1, b"h" * 32, 5)] * 2


async def test_a_broken_checkpoint_is_refused(tmp_path: Path) -> None:
    """A whole line that is no checkpoint was not written by us."""
    file = tmp_path / "checkpoints"
    for line in ("{}", "[]", "x", '{"at": 1, "hash": "zz", "seq": 1, "signature": ""}'):
        file.write_text(line + "\n")
        with pytest.raises(WitnessBroken):
            journal.read_checkpoints(file)


async def test_checkpoints_come_after_enough_records(tmp_path: Path) -> None:
    """Each ten records one, and one for the rest at the end."""
    checkpointer = Checkpointer(tmp_path / "file", sign, every_records=10, every_s=3600)
    for seq in range(1, 26):
        checkpointer.moved(Head(seq, bytes(32), seq))
        await until(partial(_has, tmp_path / "file", seq // 10))
    await checkpointer.close()
    assert [one.head.seq for one in journal.read_checkpoints(tmp_path / "file")] == [10, 20, 25]


async def test_checkpoints_come_with_time(tmp_path: Path) -> None:
    """Without many records the clock brings one, and none is made twice."""
    checkpointer = Checkpointer(tmp_path / "file", sign, every_records=1000, every_s=0.01)
    checkpointer.moved(Head(1, bytes(32), 1))
    await until(partial(_has, tmp_path / "file", 1))
    checkpointer.moved(Head(2, bytes(32), 2))
    await until(partial(_has, tmp_path / "file", 2))
    await checkpointer.close()
    assert [one.head.seq for one in journal.read_checkpoints(tmp_path / "file")] == [1, 2]


async def test_a_device_that_cannot_sign_delays_a_checkpoint(tmp_path: Path) -> None:
    """The service goes on; the next checkpoint covers what was left out."""
    answers = [Busy("queue full"), None]

    async def moody(statement: bytes) -> bytes:
        answer = answers.pop(0)
        if answer is not None:
            raise answer
        return await sign(statement)

    checkpointer = Checkpointer(tmp_path / "file", moody, every_records=1, every_s=3600)
    checkpointer.moved(Head(1, bytes(32), 1))
    await until(lambda: len(answers) == 1)
    checkpointer.moved(Head(2, bytes(32), 2))
    await checkpointer.close()
    assert [one.head.seq for one in journal.read_checkpoints(tmp_path / "file")] == [2]


async def test_a_database_without_schema_is_not_served(tmp_path: Path) -> None:
    """It has to be migrated first; a file that is not there is not created."""
    path = tmp_path / "absent.db"
    with pytest.raises(StorageUnavailable):
        async with stores.opened(f"sqlite:///{path}", tmp_path):
            pass
    assert not path.exists()
    path.touch()
    with pytest.raises(SchemaOutdated):
        async with stores.opened(f"sqlite:///{path}", tmp_path):
            pass


def _has(file: Path, count: int) -> bool:
    return len(journal.read_checkpoints(file)) == count


async def test_what_moves_while_a_checkpoint_is_written_gets_the_last_one(tmp_path: Path) -> None:
    """Closing in the middle of a checkpoint leaves no record without one."""
    goes_on = asyncio.Event()

    async def slow(statement: bytes) -> bytes:
        await goes_on.wait()
        return await sign(statement)

    checkpointer = Checkpointer(tmp_path / "file", slow, every_records=1, every_s=3600)
    checkpointer.moved(Head(1, bytes(32), 1))
    await asyncio.sleep(0)  # It has begun.
    await asyncio.sleep(0)
    checkpointer.moved(Head(2, bytes(32), 2))
    closing = asyncio.create_task(checkpointer.close())
    await asyncio.sleep(0)
    goes_on.set()
    await closing
    assert [one.head.seq for one in journal.read_checkpoints(tmp_path / "file")] == [1, 2]
