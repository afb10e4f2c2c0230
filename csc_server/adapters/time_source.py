"""Whether this machine's clock can be believed: the port ``TimeSource``."""

from __future__ import annotations

import time
from datetime import timedelta

from csc_server.ports import Clock
from policies.tsa import Reading


class TrustedClock:
    """Believes this machine's clock: for development, or where the system vouches for it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def reading(self) -> Reading:
        """No offset, as of now."""
        return Reading(timedelta(0), self._clock.now(), self.ticks_s())

    def ticks_s(self) -> float:
        """Seconds on the monotonic clock."""
        return time.monotonic()
