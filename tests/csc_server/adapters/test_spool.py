"""The spool: rooms that go with their last holder, results that stay their time, and a bound."""

from __future__ import annotations

import asyncio
import os
from datetime import timedelta
from pathlib import Path

import pytest

from csc_server.adapters import spool as module
from csc_server.adapters.entropy import SystemEntropy
from csc_server.adapters.spool import Spool
from csc_server.ports.documents import SpoolFull
from policies.jobs import SigningResult
from tests.build import HOUR, SECOND, T0

MOST = 1000
RESULT = SigningResult(documents=("signed-0",), objects=("signed-1",))


def opened(directory: Path, node: str = "web-0") -> Spool:
    """A spool of one process, as after its start."""
    spool = Spool(directory, node, MOST, SystemEntropy())
    spool.open()
    return spool


def files(directory: Path) -> list[Path]:
    """Every file in it."""
    return [path for path in directory.rglob("*") if path.is_file()]


async def fill(spool: Spool, size: int) -> SigningResult:
    """A result of two files of this size that is kept for an hour."""
    async with spool.room() as room:
        for name in ("signed-0", "signed-1"):
            (room.path / name).write_bytes(bytes(size))
        return await spool.keep(room.path, RESULT, T0 + HOUR)


async def test_a_room_goes_with_its_last_holder(tmp_path: Path) -> None:
    """Work that goes on keeps its files; the last one takes them along."""
    spool = opened(tmp_path)
    async with spool.room() as room:
        (room.path / "document").write_bytes(b"x")
        room.hold()
    assert len(files(tmp_path)) == 1
    await room.release()
    assert not room.path.exists()


async def test_a_cancelled_request_leaves_nothing(tmp_path: Path) -> None:
    """Whoever hangs up takes the room along."""
    spool, entered = opened(tmp_path), asyncio.Event()

    async def request() -> None:
        async with spool.room() as room:
            (room.path / "body").write_bytes(b"x")
            entered.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(request())
    await entered.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert files(tmp_path) == []


async def test_a_start_empties_its_own_rooms(tmp_path: Path) -> None:
    """What a crash left is gone; other processes' rooms and results stay."""
    spool, other = opened(tmp_path), opened(tmp_path, "web-1")
    await fill(spool, 1)
    async with spool.room() as mine, other.room() as theirs:
        (mine.path / "document").write_bytes(b"x")
        (theirs.path / "document").write_bytes(b"x")
        opened(tmp_path)
        assert not mine.path.exists()
        assert theirs.path.exists()
        mine.path.mkdir()
    assert len(files(tmp_path)) == 2


def test_nobody_else_looks_in(tmp_path: Path) -> None:
    """Mode 0700 whatever the umask says."""
    before = os.umask(0)
    try:
        opened(tmp_path / "spool")
    finally:
        os.umask(before)
    directories = [tmp_path / "spool", *(tmp_path / "spool").rglob("*")]
    assert {path.stat().st_mode & 0o777 for path in directories} == {0o700}


async def test_what_is_claimed_is_bounded(tmp_path: Path) -> None:
    """All rooms and all results together; what goes makes room."""
    spool = opened(tmp_path)
    async with spool.room() as one, spool.room() as two:
        one.claim(600)
        two.claim(400)
        with pytest.raises(SpoolFull):
            two.claim(1)
    await fill(spool, 300)
    async with spool.room() as room:
        room.claim(400)
        with pytest.raises(SpoolFull):
            room.claim(1)
    # A process that starts counts what is there.
    async with opened(tmp_path).room() as room:
        with pytest.raises(SpoolFull):
            room.claim(401)


async def test_results_stay_their_time(tmp_path: Path) -> None:
    """Kept under their names through a restart, gone a second after their end."""
    spool = opened(tmp_path)
    result = await fill(spool, 7)
    spool = opened(tmp_path)
    await spool.forget(T0 + HOUR)
    for name in (*result.documents, *result.objects):
        assert (spool.results / name).read_bytes() == bytes(7)
    await spool.forget(T0 + HOUR + SECOND)
    assert files(tmp_path) == []
    async with spool.room() as room:
        room.claim(MOST)


async def test_a_crash_keeps_all_or_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that fails before the name is there leaves no half of a result."""
    spool, sync = opened(tmp_path), module._sync

    def fails(path: Path) -> int:
        if path.name == "signed-1":
            raise OSError("no space")
        return sync(path)

    monkeypatch.setattr(module, "_sync", fails)
    with pytest.raises(SpoolFull):
        await fill(spool, 7)
    assert files(tmp_path) == []


async def test_two_processes_forget_at_once(tmp_path: Path) -> None:
    """The one that comes too late finds nothing, and that is fine."""
    spools = [opened(tmp_path, f"web-{number}") for number in range(4)]
    for spool in spools:
        await fill(spool, 1)
    over = T0 + HOUR + timedelta(seconds=2)
    await asyncio.gather(*(spool.forget(over) for spool in spools))
    assert files(tmp_path) == []
