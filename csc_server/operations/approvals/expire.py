"""Requests for approval whose time is over end, and the log says so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from csc_server.ports import Clock
from csc_server.ports.approvals import Approvals

BATCH: Final = 500
"""Requests per transaction, so that signing never waits long behind it."""


@dataclass(frozen=True, slots=True)
class ExpireApprovals:
    """Run now and then by the web process."""

    approvals: Approvals
    clock: Clock

    async def __call__(self) -> None:
        """Expire everything that is over, and forget what ended long ago."""
        while await self.approvals.expire(self.clock.now(), BATCH) == BATCH:
            pass
