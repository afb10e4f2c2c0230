"""Memory of failed logins by address, in this process only. The rule is ``policies.pacing``."""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime
from typing import Final

from policies import pacing

ADDRESSES: Final = 10_000
"""Most addresses remembered; the one that failed longest ago goes first."""


class FailurePacing:
    """Remembers when each address failed last."""

    def __init__(self, failures_per_minute: int) -> None:
        self._limit = failures_per_minute
        self._failures: OrderedDict[str, tuple[datetime, ...]] = OrderedDict()

    def admit(self, address: str, now: datetime) -> None:
        """Let the address try.

        Raises:
            RateLimited: See ``pacing.admit``.
        """
        pacing.admit(self._failures.get(address, ()), self._limit, now)

    def failed(self, address: str, now: datetime) -> None:
        """Count a failure."""
        recent = pacing.recent(self._failures.pop(address, ()), now)
        self._failures[address] = (*recent, now)[-self._limit :]
        while len(self._failures) > ADDRESSES:
            self._failures.popitem(last=False)
