"""SADs whose time is over: their hashes can no longer be signed, and the log says so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from csc_server.ports import Authorizations, Clock

BATCH: Final = 500
"""SADs per transaction, so that signing never waits long behind the sweeper."""


@dataclass(frozen=True, slots=True)
class ExpireAuthorizations:
    """Run now and then by the web process."""

    authorizations: Authorizations
    clock: Clock

    async def __call__(self) -> int:
        """Expire everything that is over; how many SADs that were."""
        expired = 0
        while count := await self.authorizations.expire(self.clock.now(), BATCH):
            expired += count
        return expired
