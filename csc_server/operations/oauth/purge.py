"""Authorization requests, codes and used identifiers that nobody needs any more are forgotten."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from csc_server.ports import Clock
from csc_server.ports.oauth import Requests

BATCH: Final = 500
"""Requests per transaction, so that nobody waits long behind it."""


@dataclass(frozen=True, slots=True)
class PurgeRequests:
    """Run now and then by the web process."""

    requests: Requests
    clock: Clock

    async def __call__(self) -> None:
        """Forget everything that is over."""
        while await self.requests.purge(self.clock.now(), BATCH) == BATCH:
            pass
