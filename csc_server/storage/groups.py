"""A queue that is emptied in groups: whatever waits is run together.

While one group runs, the next gathers; so the cost of a commit or of a hop between threads is
shared by all who wait, and nobody waits for a timer. Knows no SQL.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

import structlog

from csc_server.ports import StorageUnavailable
from csc_server.storage.units import Unit

LARGEST: Final = 256
"""Units per group: beyond it a commit's share per unit is noise, and the first one waits longer."""

Run = Callable[[Sequence[Unit]], Awaitable[list[Any]]]
"""Runs a group; per unit its value or the exception it raised. Raises ``StorageUnavailable``."""

_log: Final = structlog.get_logger(__name__)

_Job = tuple[Unit, "asyncio.Future[Any]"]


class Groups:
    """Runs units in groups, in at most ``lanes`` groups at a time."""

    def __init__(self, run: Run, *, lanes: int) -> None:
        self._run = run
        self._lanes = lanes
        self._waiting: deque[_Job] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._busy = 0
        self._closed = False

    async def submit(self, unit: Unit) -> Any:
        """What the unit returned, after its group has ended.

        Raises:
            StorageUnavailable: The group failed, or the queue is closed.
            Exception: What the unit raised.
        """
        if self._closed:
            raise StorageUnavailable("closed")
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append((unit, future))
        if self._busy < self._lanes:
            self._busy += 1
            task = asyncio.create_task(self._empty())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await future

    async def close(self) -> None:
        """Run what waits, take nothing more."""
        self._closed = True
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def _empty(self) -> None:
        try:
            while self._waiting:
                size = min(len(self._waiting), LARGEST)
                group = [self._waiting.popleft() for _ in range(size)]
                # A caller that gave up before its unit began has no use for it.
                await self._answer([job for job in group if not job[1].done()])
        finally:
            # Here, not when the task is collected: the next caller may come before that.
            self._busy -= 1

    async def _answer(self, group: list[_Job]) -> None:
        try:
            outcomes = await self._run([unit for unit, _ in group])
        except StorageUnavailable as error:
            outcomes = [StorageUnavailable(str(error)) for _ in group]
        except Exception as error:  # noqa: BLE001  # our own fault must not leave callers waiting
            _log.exception("storage.group_failed")
            outcomes = [StorageUnavailable(repr(error)) for _ in group]
        _settle(group, outcomes)


def _settle(group: list[_Job], outcomes: list[Any]) -> None:
    for (_, future), outcome in zip(group, outcomes, strict=True):
        if future.done():
            continue  # the caller gave up meanwhile
        if isinstance(outcome, BaseException):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)
