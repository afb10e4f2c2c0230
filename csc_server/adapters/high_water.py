"""The latest time that time-stamps may have told, in two files. (security-and-pki 2.6)

Not every token costs a write to the disk: the file says how far times may go until the next one,
and after a crash of the machine that bound counts as told, so for a moment no token is given.
Beside it lies what was really told, in memory that all processes of the instance share while the
machine runs: a process that is replaced goes on where the last one was, and several never
overtake each other.
"""

from __future__ import annotations

import asyncio
import fcntl
import mmap
import os
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

AHEAD: Final = timedelta(seconds=2)
"""How far the bound lies ahead: the longest silence after a crash, one write in that time."""
BOOT: Final = Path("/proc/sys/kernel/random/boot_id")
"""Another one: the machine was started anew, and what was only in memory is gone."""
_SHARED: Final = struct.Struct("<36sqq")
"""Boot, time told, bound: microseconds since 1970; 0 for none."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class HighWaterFile:
    """The port ``HighWater`` on two files."""

    def __init__(self, path: Path, boot: Path = BOOT) -> None:
        """Read what was told before.

        Raises:
            ValueError: The file holds something else; time may not be told from a guess.
        """
        self._path = path
        self._turn = asyncio.Lock()
        self._threads = threading.Lock()
        descriptor = os.open(path.with_suffix(".now"), os.O_RDWR | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "r+b", buffering=0) as file:
            self._lock = os.dup(file.fileno())
            with self._alone():
                if os.fstat(self._lock).st_size != _SHARED.size:
                    os.ftruncate(self._lock, _SHARED.size)
                self._shared = mmap.mmap(self._lock, _SHARED.size)
                self._join(boot.read_text().strip().encode("ascii"))

    def close(self) -> None:
        """Afterwards no file is open."""
        self._shared.close()
        os.close(self._lock)

    async def tell(self, choose: Callable[[datetime | None], datetime]) -> datetime:
        """The time to tell; afterwards nobody can tell an earlier one, whatever happens."""
        with self._alone():
            boot, mark, bound = _SHARED.unpack_from(self._shared)
            told = choose(_instant(mark))
            number = _number(told)
            _SHARED.pack_into(self._shared, 0, boot, max(number, mark), bound)
        if number > bound:
            async with self._turn:
                await asyncio.to_thread(self._extend, told)
        return told

    def _join(self, boot: bytes) -> None:
        known, _, _ = _SHARED.unpack_from(self._shared)
        if known != boot:
            bound = _number(self._read())
            _SHARED.pack_into(self._shared, 0, boot, bound, bound)

    def _read(self) -> datetime | None:
        text = self._path.read_text().strip() if self._path.exists() else ""
        return datetime.fromisoformat(text) if text else None

    def _extend(self, told: datetime) -> None:
        """Afterwards the bound on the disk is not before this. One process at a time, while the
        others go on below their bound."""
        with self._writing():
            _, _, bound = _SHARED.unpack_from(self._shared)
            if _number(told) <= bound:
                return
            self._write(told + AHEAD)
            with self._alone():
                boot, mark, _ = _SHARED.unpack_from(self._shared)
                _SHARED.pack_into(self._shared, 0, boot, mark, _number(told + AHEAD))

    def _write(self, bound: datetime) -> None:
        temporary = self._path.with_suffix(".new")
        with temporary.open("w") as file:
            file.write(bound.isoformat() + "\n")
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self._path)
        directory = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Nobody else touches the shared times, of all threads and processes: microseconds."""
        with self._threads, _locked(self._lock):
            yield

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """No other process writes to the disk."""
        descriptor = os.open(self._path.with_suffix(".turn"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            with _locked(descriptor):
                yield
        finally:
            os.close(descriptor)


@contextmanager
def _locked(descriptor: int) -> Iterator[None]:
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(descriptor, fcntl.LOCK_UN)


def _number(instant: datetime | None) -> int:
    return 0 if instant is None else (instant - _EPOCH) // timedelta(microseconds=1)


def _instant(number: int) -> datetime | None:
    return None if number == 0 else _EPOCH + timedelta(microseconds=number)
