"""The clock of this machine, held against time servers again and again: the port ``TimeSource``.

1. some of the servers, chosen by chance, are asked at the same moment
2. rule: what enough of them agree on is the reading
3. too few: once more, three times in all; then the last reading grows old, and time-stamps are
   refused when it is too old to count (``policies.tsa.READING_LIFE``)
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from csc_server.ports import Clock, Entropy
from csc_server.ports.pki import NoTime
from policies import quorum, tsa
from policies.quorum import Sample
from policies.tsa import Reading

Ask = Callable[[str, bytes, Callable[[], datetime], timedelta], Awaitable[timedelta]]
"""As ``adapters.ntp.ask``."""

_log = structlog.get_logger("csc_server.status")


@dataclass(kw_only=True)
class CompareClock:
    """Compares, and remembers the last reading."""

    servers: Sequence[str]
    ask: Ask
    clock: Clock
    entropy: Entropy
    last: Reading | None = None
    refused: dict[str, str] = field(default_factory=dict)
    """Why each server of the last try gave no time."""

    def reading(self) -> Reading | None:
        """The last comparison; ``None`` when there was none."""
        return self.last

    def ticks_s(self) -> float:
        """Seconds on the monotonic clock."""
        return time.monotonic()

    async def __call__(self) -> bool:
        """Compare once; true when there is a new reading, by which our clock can be used."""
        for _ in range(quorum.TRIES):
            base, ticks_s = self.clock.now(), self.ticks_s()
            samples = await self._samples(base, ticks_s)
            off = quorum.agreed(samples)
            if off is not None:
                self.last = Reading(off, base, ticks_s)
                self._tell(off)
                return abs(off) <= tsa.OFFSET_LIMIT
        told = {one.server: f"{one.offset.total_seconds():.3f} s" for one in samples}
        _log.error("clock_not_compared", told=told, refused=self.refused)
        return False

    async def run(self) -> None:
        """Compare for ever."""
        while True:
            started_s = self.ticks_s()
            pause = quorum.ASK_EVERY if await self() else quorum.ASK_AGAIN
            spent_s = self.ticks_s() - started_s
            await asyncio.sleep(max(pause.total_seconds() - spent_s, quorum.LEAST_PAUSE_S))

    async def _samples(self, base: datetime, ticks_s: float) -> list[Sample]:
        """Of servers chosen by chance. The clock that they are compared with is the base one plus
        what has passed: a step while they are asked is seen afterwards (``tsa.offset``)."""
        self.refused = {}

        def now() -> datetime:
            return base + timedelta(seconds=self.ticks_s() - ticks_s)

        found = await asyncio.gather(*(self._one(server, now) for server in self._chosen()))
        return [one for one in found if one is not None]

    async def _one(self, server: str, now: Callable[[], datetime]) -> Sample | None:
        number = bytes.fromhex(self.entropy.identifier())[:8]
        try:
            return Sample(server, await self.ask(server, number, now, quorum.ANSWER_LIMIT))
        except NoTime as reason:
            self.refused[server] = str(reason)
            return None

    def _chosen(self) -> list[str]:
        by_chance = sorted((self.entropy.identifier(), server) for server in self.servers)
        return [server for _, server in by_chance][: quorum.ASKED]

    def _tell(self, off: timedelta) -> None:
        seconds = round(off.total_seconds(), 4)
        if abs(off) > tsa.OFFSET_LIMIT:
            _log.error("clock_is_off", offset_s=seconds)
        else:
            _log.debug("clock_compared", offset_s=seconds)
