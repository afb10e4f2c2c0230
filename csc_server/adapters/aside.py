"""Heavy work in a thread that steps aside for everything else, but not for ever.

One thread for each process: the cores that are left over answer requests, whose threads would
otherwise wait for the end of a time slice whatever their priority. On a machine that is busy with
other things a thread that steps aside hardly runs; then a second one, which does not step aside,
does the work that has waited too long.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

NICENESS: Final = 10
"""A tenth of everybody else's share while the cores are busy: twenty people who log in at once
wait for each other, not the signatures of others for them."""
PATIENCE_S: Final = 2.0
"""Longer than twenty people wait for each other on an idle machine; far below ``limits.request_s``,
after which they would be sent away."""


class Aside:
    """Runs pure functions: one may be computed twice, and the first result counts."""

    def __init__(self, name: str, patience_s: float = PATIENCE_S) -> None:
        """No thread runs yet.

        Args:
            name: Of the threads.
            patience_s: How long work may wait and take before the second thread does it too.
        """
        self._patience_s = patience_s
        self._aside = ThreadPoolExecutor(1, name, _step_aside)
        self._late = ThreadPoolExecutor(1, f"late-{name}")

    async def run(self, work: Callable[P, R], *given: P.args, **more: P.kwargs) -> R:
        """What ``work`` returns."""
        tries = [asyncio.wrap_future(self._aside.submit(work, *given, **more))]
        try:
            done, _ = await asyncio.wait(tries, timeout=self._patience_s)
            if not done:
                tries.append(asyncio.wrap_future(self._late.submit(work, *given, **more)))
                done, _ = await asyncio.wait(tries, return_when=asyncio.FIRST_COMPLETED)
            return done.pop().result()
        finally:
            # Nobody waits any more: what has not begun is not begun.
            for one in tries:
                one.cancel()


def _step_aside() -> None:
    """Let whoever does not hash go first: on Linux this is about the calling thread alone."""
    os.nice(NICENESS)
