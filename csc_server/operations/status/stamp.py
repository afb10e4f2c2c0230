"""Time-stamps: what time it is, signed. (RFC 3161; security-and-pki 2.6)

1. rule: may this be stamped, and which time is told
2. mark: no later start can tell an earlier time, durably
3. device: the token
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from csc_server.ports import Clock, Entropy
from csc_server.ports.pki import HighWater, TimeSource
from pki.tsa import tokens
from pki.tsa.requests import StampRequest
from pki.tsa.tokens import Unit
from policies import tsa


@dataclass(frozen=True, slots=True, kw_only=True)
class StampTime:
    """Gives time-stamp tokens."""

    unit: Callable[[], Unit]
    """The present one: its certificate is rolled while we run."""
    source: TimeSource
    mark: HighWater
    clock: Clock
    entropy: Entropy

    async def __call__(self, request: StampRequest) -> bytes:
        """The TimeStampToken, DER.

        Raises:
            StampRefused: TIME_NOT_AVAILABLE: see ``policies.tsa.gen_time``.
            HsmError: Try again later.
        """
        told = await self.mark.tell(self._time)
        serial = int(self.entropy.identifier(), 16) | 1
        return await tokens.stamp(self.unit(), tokens.Draft(request, serial, told))

    def offset(self) -> timedelta | None:
        """How far our clock is off; ``None`` when nobody knows."""
        return tsa.offset(self.source.reading(), self.clock.now(), self.source.ticks_s())

    def _time(self, mark: datetime | None) -> datetime:
        return tsa.gen_time(self.clock.now(), mark, self.offset())
