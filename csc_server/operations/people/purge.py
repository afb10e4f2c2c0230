"""Forget what people began and did not finish."""

from __future__ import annotations

from dataclasses import dataclass

from csc_server.ports import Clock
from csc_server.ports.people import People


@dataclass(frozen=True, slots=True)
class Purge:
    """Registrations, links and codes that can mean nothing any more."""

    people: People
    clock: Clock

    async def __call__(self) -> int:
        """Remove them; how many."""
        return await self.people.purge(self.clock.now())
