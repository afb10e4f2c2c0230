"""Buckets that nobody draws from any more are forgotten, and names that nobody tries any more."""

from __future__ import annotations

from dataclasses import dataclass

from csc_server.ports import Clock, LoginTries, Paces


@dataclass(frozen=True, slots=True)
class ForgetPaces:
    """Run now and then by the web process."""

    paces: Paces
    tries: LoginTries
    clock: Clock

    async def __call__(self) -> None:
        """Forget what has been full, or untried, for long."""
        now = self.clock.now()
        await self.paces.forget(now)
        await self.tries.forget(now)
