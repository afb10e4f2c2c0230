"""The desk: whatever a piece of work does, its caller gets a clear error and the desk goes on."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from ades.desk import (
    Busy,
    Crashed,
    Desk,
    DeskError,
    DiskFull,
    Lost,
    OutOfMemory,
    Overdue,
    Oversized,
    Work,
    client,
)
from policies import errors
from tests.ades import desk_works as works

MODULE = "tests.ades.desk_works"
LIMIT_S = 30.0


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    """A desk with four places."""
    async with Desk([MODULE], places=4) as desk:
        yield desk


async def works_still(desk: Desk, directory: Path) -> None:
    """Assert that the next piece of work is done."""
    path = directory / "document"
    path.write_bytes(b"%PDF and more")
    assert await desk.do(works.Measure(path)) == works.Sized(b"%PDF", 13, ("a", "ț"))


async def file(path: Path) -> int:
    """The number in a file that a child writes."""
    await until(path.exists)
    return int(path.read_text())


async def gone(pid: int) -> None:
    """Return when there is no such process any more."""
    await until(lambda: not _lives(pid))


def _lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


async def until(happened: Callable[[], bool]) -> None:
    """Return when it did; other processes have no event for us."""

    def wait() -> None:
        end = time.monotonic() + LIMIT_S
        while not happened():
            assert time.monotonic() < end
            time.sleep(0.005)

    await asyncio.to_thread(wait)


async def test_a_result_comes_back_typed(desk: Desk, tmp_path: Path) -> None:
    """Records of both sides are what they were, whatever their fields."""
    await works_still(desk, tmp_path)
    assert desk.restarts == 0


@pytest.mark.parametrize(
    ("work", "error"),
    [
        (works.Die(signal.SIGSEGV), Crashed),
        (works.Die(signal.SIGKILL), Crashed),
        (works.Die(0), Crashed),
        (works.Lie(), Crashed),
        (works.Raise("refused"), errors.DocumentUnfit),
        (works.Raise("odd"), works.Odd),
        (works.Raise("full"), DiskFull),
        (works.Spin(), Overdue),
        (works.Grow(100), OutOfMemory),
        (works.Chatter(17), Crashed),
    ],
    ids=lambda one: str(one) if isinstance(one, Work) else "",
)
async def test_each_end_has_its_error(
    desk: Desk, tmp_path: Path, work: Work[object], error: type[Exception]
) -> None:
    """A child that dies, lies, refuses, spins, grows or chatters is told apart, and survived."""
    with pytest.raises(error):
        await desk.do(work)
    await works_still(desk, tmp_path)
    assert desk.restarts == 0


async def test_within_the_limits_nothing_happens(desk: Desk, tmp_path: Path) -> None:
    """Memory and files up to the limit are the work's own."""
    assert await desk.do(works.Grow(40)) == 40 * 1024 * 1024
    await desk.do(works.Write(tmp_path / "one", 1))
    with pytest.raises(Oversized):
        await desk.do(works.Write(tmp_path / "two", 2))


async def test_a_bug_is_logged_without_the_document(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    """An exception that nobody named crosses as a place in our code, never as its text."""
    with pytest.raises(Crashed) as caught:
        await desk.do(works.Raise("bug"))
    assert "KeyError at perform" in caplog.text
    assert "secret text" not in caplog.text + str(caught.value)


async def test_a_stopped_child_goes_with_what_it_started(desk: Desk, tmp_path: Path) -> None:
    """At its deadline a hung child and its own children are killed."""
    with pytest.raises(Overdue):
        await desk.do(works.Stop(tmp_path / "said"))
    await gone(await file(tmp_path / "said"))
    await works_still(desk, tmp_path)


async def test_who_stops_waiting_stops_the_work(desk: Desk, tmp_path: Path) -> None:
    """A cancelled call leaves no child behind."""
    call = asyncio.create_task(desk.do(works.Sleep(tmp_path / "said")))
    pid = await file(tmp_path / "said")
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    await gone(pid)


async def test_a_killed_parent_is_started_again(desk: Desk, tmp_path: Path) -> None:
    """Its work is lost and its children die with it; the next work waits for the next parent."""
    call = asyncio.create_task(desk.do(works.Sleep(tmp_path / "said")))
    child, parent = await file(tmp_path / "said"), desk.pid
    assert parent is not None
    os.kill(parent, signal.SIGKILL)
    with pytest.raises(Lost):
        await call
    await gone(child)
    await works_still(desk, tmp_path)
    assert desk.pid != parent
    assert desk.restarts == 1


async def test_a_stopped_parent_is_replaced(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A parent that does nothing any more does not hold its callers for ever."""
    await works_still(desk, tmp_path)
    monkeypatch.setattr(client, "GRACE_S", 0.2)
    assert desk.pid is not None
    os.kill(desk.pid, signal.SIGSTOP)
    with pytest.raises(Lost):
        await desk.do(works.Stop(tmp_path / "said"))
    await works_still(desk, tmp_path)


async def test_a_parent_that_cannot_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """Callers are told in time, and closing does not wait."""
    monkeypatch.setattr(client, "START_LIMIT_S", 1.0)
    async with Desk(["tests.ades.no_such_module"]) as desk:
        with pytest.raises(Lost):
            await desk.do(works.Grow(1))


async def test_places_and_waiting_are_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One place: the second work waits for the first, and the third is refused at once."""
    monkeypatch.setattr(client, "WAITING_LIMIT", 1)
    async with Desk([MODULE], places=1) as desk:
        first = asyncio.create_task(desk.do(works.Sleep(tmp_path / "first")))
        await file(tmp_path / "first")
        second = asyncio.create_task(desk.do(works.Sleep(tmp_path / "second")))
        await asyncio.sleep(0)
        with pytest.raises(Busy):
            await desk.do(works.Sleep(tmp_path / "third"))
        assert not (tmp_path / "second").exists()
        first.cancel()
        await file(tmp_path / "second")
        second.cancel()
        await asyncio.wait([first, second])


async def test_nothing_outlives_the_desk(tmp_path: Path) -> None:
    """Closing the desk ends parent and children, and what was under way is lost."""
    async with Desk([MODULE]) as desk:
        call = asyncio.create_task(desk.do(works.Sleep(tmp_path / "said")))
        child, parent = await file(tmp_path / "said"), desk.pid
    with pytest.raises(DeskError):
        await call
    assert parent is not None
    await gone(child)
    await gone(parent)


async def test_what_a_child_sees(desk: Desk) -> None:
    """Its caller and nothing else: no descriptor, no privilege, no core, and no network; and it
    lets others go first."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        seen = await desk.do(works.Look(server.getsockname()[1]))
    assert seen.descriptors == 4
    assert seen.no_new_privileges
    assert seen.core_bytes == 0
    assert not seen.parent_has_threads
    assert seen.connected is not desk.isolated
    assert seen.niceness == min(os.nice(0) + 5, 19)


async def test_a_work_of_another_module_is_none(desk: Desk) -> None:
    """A parent does what it was started for."""

    @dataclass(frozen=True, slots=True)
    class Foreign(Work[int]):
        def perform(self) -> int:
            return 1

    with pytest.raises(Crashed):
        await desk.do(Foreign())
