"""No later token tells an earlier time: over restarts, crashes, and between processes."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from csc_server.adapters.high_water import AHEAD, HighWaterFile
from tests.build import SECOND, T0

MS = timedelta(milliseconds=1)


def at(moment: datetime, seen: list[datetime | None] | None = None) -> Callable[..., datetime]:
    """Chooses this time, or the mark where that is later."""

    def choose(mark: datetime | None) -> datetime:
        if seen is not None:
            seen.append(mark)
        return max(moment, mark or moment)

    return choose


async def mark_of(file: HighWaterFile) -> datetime | None:
    """What the next one would be told."""
    seen: list[datetime | None] = []

    def refuse(mark: datetime | None) -> datetime:
        seen.append(mark)
        raise KeyError

    with pytest.raises(KeyError):
        await file.tell(refuse)
    return seen[0]


@pytest.fixture
def boot(tmp_path: Path) -> Path:
    """Which start of the machine it is."""
    path = tmp_path / "boot"
    path.write_text("5eed0000-0000-0000-0000-000000000001\n")
    return path


async def test_the_mark_follows_what_is_told(tmp_path: Path, boot: Path) -> None:
    """None ever, then the latest; an earlier time does not lower it, a refusal changes nothing."""
    file = HighWaterFile(tmp_path / "mark", boot)
    assert await mark_of(file) is None
    assert await file.tell(at(T0)) == T0
    assert await mark_of(file) == T0
    assert await file.tell(lambda _: T0 - SECOND) == T0 - SECOND
    assert await mark_of(file) == T0
    file.close()


async def test_a_new_process_goes_on_at_once(tmp_path: Path, boot: Path) -> None:
    """While the machine runs what was told is known to the millisecond."""
    file = HighWaterFile(tmp_path / "mark", boot)
    await file.tell(at(T0))
    again = HighWaterFile(tmp_path / "mark", boot)
    assert await mark_of(again) == T0
    await again.tell(at(T0 + MS))
    assert await mark_of(file) == T0 + MS
    file.close()
    again.close()


async def test_after_a_crash_of_the_machine_the_bound_counts(tmp_path: Path, boot: Path) -> None:
    """Whatever was told before lies below it, also when the other file is gone."""
    file = HighWaterFile(tmp_path / "mark", boot)
    for step in range(3):
        await file.tell(at(T0 + step * AHEAD))
    file.close()
    boot.write_text("5eed0000-0000-0000-0000-000000000002\n")
    after = HighWaterFile(tmp_path / "mark", boot)
    assert await mark_of(after) == T0 + 3 * AHEAD
    after.close()
    (tmp_path / "mark.now").unlink()
    lost = HighWaterFile(tmp_path / "mark", boot)
    assert await mark_of(lost) == T0 + 3 * AHEAD
    lost.close()


async def test_the_bound_is_on_the_disk_before_a_time_is_told(tmp_path: Path, boot: Path) -> None:
    """And one write is enough for two seconds."""
    file, path = HighWaterFile(tmp_path / "mark", boot), tmp_path / "mark"
    await file.tell(at(T0))
    written = path.read_text()
    assert datetime.fromisoformat(written.strip()) == T0 + AHEAD
    await file.tell(at(T0 + AHEAD))
    assert path.read_text() == written
    await file.tell(at(T0 + AHEAD + MS))
    assert datetime.fromisoformat(path.read_text().strip()) == T0 + 2 * AHEAD + MS
    file.close()


def test_time_is_not_told_from_a_guess(tmp_path: Path, boot: Path) -> None:
    """A file that holds something else refuses."""
    (tmp_path / "mark").write_text("yesterday\n")
    with pytest.raises(ValueError, match="isoformat"):
        HighWaterFile(tmp_path / "mark", boot)


async def test_many_at_once(tmp_path: Path, boot: Path) -> None:
    """Each is told no earlier than the one before, while the bound is moved again and again."""
    file, seen = HighWaterFile(tmp_path / "mark", boot), list[datetime | None]()
    times = [T0 + step * SECOND for step in range(20)]
    told = await asyncio.gather(*(file.tell(at(one, seen)) for one in times))
    assert told == times
    assert seen == [None, *times[:-1]]
    assert await mark_of(file) == times[-1]
    file.close()


PROCESS = """
import asyncio, sys, time
from datetime import datetime, timedelta
from pathlib import Path
from csc_server.adapters.high_water import HighWaterFile
def choose(mark):
    # One more than anybody told, and slowly: lost updates would show as twins.
    time.sleep(0.001)
    return (mark or datetime.fromisoformat(sys.argv[3])) + timedelta(milliseconds=1)
async def main():
    file = HighWaterFile(Path(sys.argv[1]), Path(sys.argv[2]))
    for _ in range(100):
        print((await file.tell(choose)).isoformat())
asyncio.run(main())
"""


def test_several_processes_never_overtake_each_other(tmp_path: Path, boot: Path) -> None:
    """Three of them tell 300 times: each once, and in each process upwards."""
    command = [sys.executable, "-c", PROCESS, str(tmp_path / "mark"), str(boot), T0.isoformat()]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    told = [one.communicate(timeout=60)[0].split() for one in running]
    assert all(lines == sorted(lines) for lines in told)
    everything = sorted(line for lines in told for line in lines)
    assert len(set(everything)) == 300
    assert datetime.fromisoformat(everything[-1]) == T0 + 300 * MS
