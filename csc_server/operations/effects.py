"""Work that a lost client does not stop.

What may have left a trace (a code spent, a signature made) runs to its end: a caller who hangs
up, or whose time is over, stops waiting but does not stop the work. Shutdown drains it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import structlog

T = TypeVar("T")

_log = structlog.get_logger("csc_server")


class Effects:
    """The effects under way in this process."""

    def __init__(self) -> None:
        self._under_way: set[asyncio.Task[Any]] = set()

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of ``work``, which goes on when the caller is cancelled."""
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._done)
        return await asyncio.shield(task)

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Afterwards ``work`` is under way; nobody waits for it, and a failure is logged."""
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._done)
        task.add_done_callback(_report)

    async def drain(self) -> None:
        """Wait for everything under way; called before the edges close."""
        while self._under_way:
            await asyncio.wait(self._under_way)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._under_way.discard(task)
        if not task.cancelled():
            # The caller may be gone: read the exception, so that asyncio does not report it
            # as lost. The effects themselves have recorded what failed.
            task.exception()


def _report(task: asyncio.Task[Any]) -> None:
    if not task.cancelled() and (failure := task.exception()) is not None:
        _log.error("background_work_failed", exc_info=failure)
