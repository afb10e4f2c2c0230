"""Work that was accepted and goes on after the answer: ``operationMode`` A. (CSC v2 11.10, 11.11)

1. store: the job, so that polls know it
2. store: the approval reserved; from here on it is this work's or nobody's
3. the client gets the handle
4. signatures, and the result with its job, in this process; documents of the result are files that
   the disk has before the job is done

A process that dies between 3 and 4 leaves a job that counts as failed when its time is over
(``policies.jobs``), and a reservation that is burned with its SAD: nothing is signed twice.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ades.desk import DeskError
from csc_server.operations.effects import Effects
from csc_server.operations.signing import Signing
from csc_server.ports import Clock, Entropy, SadAlreadyUsed, StorageUnavailable
from csc_server.ports.documents import (
    EvidenceUnavailable,
    Jobs,
    NewJob,
    Room,
    Spool,
    SpoolFull,
    TimestampUnavailable,
)
from hsm.errors import HsmError
from policies import errors, jobs
from policies.jobs import Job, JobState, SigningResult
from policies.secret import ResponseId
from policies.values import Principal

BATCH: Final = 50
"""Results dropped in one transaction: each may be megabytes."""

_NO_RESULT: Final = (
    HsmError,
    errors.Refused,
    TimestampUnavailable,
    EvidenceUnavailable,
    DeskError,
    SpoolFull,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Background:
    """Accepts work and sees it through."""

    jobs: Jobs
    spool: Spool
    clock: Clock
    entropy: Entropy
    effects: Effects

    async def start(
        self,
        principal: Principal,
        signing: Signing,
        work: Callable[[], Awaitable[SigningResult]],
        validity_ms: int | None,
        now: datetime,
        room: Room | None = None,
    ) -> ResponseId:
        """The handle of ``work``, which begins when ``signing`` has its reservation.

        Args:
            room: Held until the work has ended; the files of its result lie in it.

        Raises:
            ValidityOutOfBounds: See ``policies.jobs.kept_until``.
            ClientTooFast, TransactionsUsedUp, SadAlreadyUsed, StorageUnavailable: Nothing was
                accepted.
        """
        job = Job(
            account_id=principal.account_id,
            client_id=principal.client_id,
            state=JobState.ACCEPTED,
            finish_by=now + jobs.WORK_LIMIT,
            kept_until=jobs.kept_until(validity_ms, now),
            result=None,
        )
        new = NewJob(ResponseId(self.entropy.token()), job)
        if room is not None:
            room.hold()
        await self.effects.run(self._accept(new, signing, work, now, room))
        return new.response_id

    async def _accept(
        self,
        new: NewJob,
        signing: Signing,
        work: Callable[[], Awaitable[SigningResult]],
        now: datetime,
        room: Room | None,
    ) -> None:
        async with AsyncExitStack() as stack:
            if room is not None:
                stack.push_async_callback(room.release)
            await self.jobs.accept(new, now)
            try:
                await signing.reserve()
            except (errors.Refused, SadAlreadyUsed, StorageUnavailable):
                await self.jobs.finish(new.response_id, None, now)
                raise
            self.effects.start(self._finish(new, work, room, stack.pop_all()))

    async def _finish(
        self,
        new: NewJob,
        work: Callable[[], Awaitable[SigningResult]],
        room: Room | None,
        stack: AsyncExitStack,
    ) -> None:
        async with stack:
            try:
                result = await work()
                if room is not None:
                    # Before the job is done: a poll finds all of a result, or none.
                    result = await self.spool.keep(room.path, result, new.job.kept_until)
            except _NO_RESULT:
                # On record already by ``Signing``, or by whoever made no document of it.
                await self.jobs.finish(new.response_id, None, self.clock.now())
                return
            await self.jobs.finish(new.response_id, result, self.clock.now())


@dataclass(frozen=True, slots=True)
class Poll:
    """signatures/signPolling."""

    jobs: Jobs
    clock: Clock

    async def __call__(self, principal: Principal, response_id: ResponseId) -> SigningResult:
        """The result; its files lie in ``Spool.results``.

        Raises:
            ResponseUnknown, ResponsePending, ResponseFailed: See ``policies.jobs.outcome``.
        """
        return jobs.outcome(await self.jobs.find(response_id), principal, self.clock.now())


@dataclass(frozen=True, slots=True)
class ForgetJobs:
    """Run now and then by the web process: results whose time is over go."""

    jobs: Jobs
    spool: Spool
    clock: Clock

    async def __call__(self) -> None:
        """Afterwards no result is kept longer than it was promised."""
        await self.spool.forget(self.clock.now())
        while await self.jobs.forget(self.clock.now(), BATCH):
            pass
