"""Documents of requests under way, and results that wait for their clients: files in a directory.

``requests/NODE/`` has a directory for each request of one web process, empty after its start;
``results/`` has what asynchronous signDoc keeps, named by when it is over. Everything belongs to
one user (mode 0700), is written once, and has a bounded size in total. (docs/adr/0012;
security-and-pki 5.5)
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

from csc_server.ports import Entropy
from csc_server.ports.documents import SpoolFull
from policies.jobs import SigningResult

REQUESTS: Final = Path("requests")
RESULTS: Final = Path("results")
_MODE: Final = 0o700


class SpoolRoom:
    """The port ``Room``: a directory, there for as long as somebody holds it."""

    def __init__(self, spool: Spool, path: Path) -> None:
        self._spool, self._path = spool, path
        self._holders = 0
        self._claimed = 0

    @property
    def path(self) -> Path:
        """The directory."""
        return self._path

    def claim(self, size: int) -> None:
        """Have room for so many more bytes, until the directory is gone.

        Raises:
            SpoolFull: There is not so much.
        """
        self._spool.claim(size)
        self._claimed += size

    def hold(self) -> None:
        """One more works here."""
        self._holders += 1

    async def release(self) -> None:
        """One works here no more; the last one takes everything along."""
        self._holders -= 1
        if self._holders == 0:
            try:
                await asyncio.to_thread(shutil.rmtree, self._path)
            finally:
                self._spool.claim(-self._claimed)


class Spool:
    """The port ``Spool`` on a directory."""

    def __init__(self, directory: Path, node: str, most_bytes: int, entropy: Entropy) -> None:
        """Not opened yet.

        Args:
            directory: Shared by the web processes of this instance.
            node: Which of them this is.
            most_bytes: For the requests of this process and all results together.
            entropy: Names directories.
        """
        self._requests = directory / REQUESTS / node
        self._results = directory / RESULTS
        self._most_bytes = most_bytes
        self._entropy = entropy
        self._claimed = 0
        self._kept_bytes = 0

    def open(self) -> None:
        """Afterwards the directories are there, and nothing is left of requests of before."""
        if self._requests.exists():
            shutil.rmtree(self._requests)
        for directory in (self._requests, self._results):
            directory.mkdir(mode=_MODE, parents=True, exist_ok=True)
        # Whatever the umask was, and whoever made them.
        for directory in (self._requests.parent.parent, self._requests.parent, self._results):
            directory.chmod(_MODE)
        self._kept_bytes = self._count()

    def claim(self, size: int) -> None:
        """Count so many more bytes, or fewer when negative.

        Raises:
            SpoolFull: That would be too many.
        """
        if size > 0 and self._claimed + self._kept_bytes + size > self._most_bytes:
            raise SpoolFull(f"{self._claimed + self._kept_bytes} bytes are taken")
        self._claimed += size

    @asynccontextmanager
    async def room(self) -> AsyncIterator[SpoolRoom]:
        """See the port."""
        path = self._requests / self._entropy.identifier()
        path.mkdir(mode=_MODE)
        room = SpoolRoom(self, path)
        room.hold()
        try:
            yield room
        finally:
            await room.release()

    @property
    def results(self) -> Path:
        """See the port."""
        return self._results

    async def keep(self, room: Path, result: SigningResult, until: datetime) -> SigningResult:
        """See the port."""
        place = f"{int(until.timestamp())}-{room.name}"
        names = (*result.documents, *result.objects)
        try:
            self._kept_bytes += await asyncio.to_thread(self._keep, room, names, place)
        except OSError as error:
            raise SpoolFull(type(error).__name__) from error
        return result.under(place)

    async def forget(self, now: datetime) -> None:
        """See the port."""
        self._kept_bytes = await asyncio.to_thread(self._forget, now)

    def _keep(self, room: Path, names: Sequence[str], place: str) -> int:
        """Written and known to the disk before it has its name: a crash leaves all or nothing."""
        draft = room / "kept"
        draft.mkdir(mode=_MODE)
        size = 0
        for name in names:
            (room / name).rename(draft / name)
            size += _sync(draft / name)
        _sync(draft)
        draft.rename(self._results / place)
        _sync(self._results)
        return size

    def _forget(self, now: datetime) -> int:
        for directory in self._results.iterdir():
            over, _, _ = directory.name.partition("-")
            if int(over) < now.timestamp():
                # Another process may be at the same.
                shutil.rmtree(directory, ignore_errors=True)
        return self._count()

    def _count(self) -> int:
        return sum(file.stat().st_size for file in self._results.glob("*/*") if file.exists())


def _sync(path: Path) -> int:
    """Afterwards the disk has the file or directory; its size."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
        return os.fstat(descriptor).st_size
    finally:
        os.close(descriptor)
