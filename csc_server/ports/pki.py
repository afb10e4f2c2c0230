"""What the authority and the status process need besides the register."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from policies.tsa import Reading


class Publications(Protocol):
    """What everybody may fetch: files that a plain web server could give out too."""

    def put(self, name: str, content: bytes) -> None:
        """Afterwards the file has this content: the old one or the new one, never a part."""

    def get(self, name: str) -> bytes | None:
        """The content; ``None`` when there is no such file."""


class TimeSource(Protocol):
    """Whether our clock can be believed."""

    def reading(self) -> Reading | None:
        """The last comparison with trusted sources; ``None`` when there was none."""

    def ticks_s(self) -> float:
        """Seconds on a clock that nobody sets."""


class HighWater(Protocol):
    """The latest time that time-stamps may have told, kept over restarts."""

    @property
    def mark(self) -> datetime | None:
        """The latest time told before or since this start; ``None``: none ever."""

    async def told(self, time: datetime) -> None:
        """Return when no later start can tell an earlier time than this."""
