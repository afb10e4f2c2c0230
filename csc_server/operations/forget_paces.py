"""Buckets that nobody draws from any more are forgotten."""

from __future__ import annotations

from dataclasses import dataclass

from csc_server.ports import Clock, Paces


@dataclass(frozen=True, slots=True)
class ForgetPaces:
    """Run now and then by the web process."""

    paces: Paces
    clock: Clock

    async def __call__(self) -> None:
        """Forget what has been full for long."""
        await self.paces.forget(self.clock.now())
