"""Time-stamps: what time it is, signed. (RFC 3161; security-and-pki 2.6)

1. rule: may this be stamped, and which time is told
2. mark: no later start can tell an earlier time, durably
3. device: the token
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

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
        now = self.clock.now()
        off = tsa.offset(self.source.reading(), now, self.source.ticks_s())
        told = tsa.gen_time(now, self.mark.mark, off)
        await self.mark.told(told)
        serial = int(self.entropy.identifier(), 16) | 1
        return await tokens.stamp(self.unit(), tokens.Draft(request, serial, told))
