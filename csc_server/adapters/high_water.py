"""The latest time that time-stamps may have told, in a file. (security-and-pki 2.6)

Not every token costs a write: the file says how far times may go until the next one. After a
restart that bound counts as told, so for a moment no token is given.
"""

from __future__ import annotations

import asyncio
import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

AHEAD: Final = timedelta(seconds=2)
"""How far the bound lies ahead: the longest silence after a restart, one write in that time."""


class HighWaterFile:
    """The port ``HighWater`` on a file."""

    def __init__(self, path: Path) -> None:
        """Read what was told before.

        Raises:
            ValueError: The file holds something else; time may not be told from a guess.
        """
        self._path = path
        text = path.read_text().strip() if path.exists() else ""
        self._bound = datetime.fromisoformat(text) if text else None
        self._mark = self._bound
        self._turn = asyncio.Lock()

    @property
    def mark(self) -> datetime | None:
        """The latest time told, or that may have been told before this start."""
        return self._mark

    async def told(self, time: datetime) -> None:
        """Return when no later start can tell an earlier time than this."""
        self._mark = max(time, self._mark or time)
        if self._bound is not None and time <= self._bound:
            return
        async with self._turn:
            if self._bound is None or time > self._bound:
                bound = time + AHEAD
                await asyncio.to_thread(self._write, bound)
                self._bound = bound

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
