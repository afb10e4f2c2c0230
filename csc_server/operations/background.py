"""Work that was accepted and goes on after the answer: ``operationMode`` A. (CSC v2 11.10, 11.11)

1. store: the job, so that polls know it
2. store: the approval reserved; from here on it is this work's or nobody's
3. the client gets the handle
4. signatures, and the result with its job, in this process

A process that dies between 3 and 4 leaves a job that counts as failed when its time is over
(``policies.jobs``), and a reservation that is burned with its SAD: nothing is signed twice.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from csc_server.operations.effects import Effects
from csc_server.operations.signing import Signing
from csc_server.ports import Clock, Entropy, SadAlreadyUsed, StorageUnavailable
from csc_server.ports.documents import Jobs, NewJob, TimestampUnavailable
from hsm.errors import HsmError
from policies import errors, jobs
from policies.jobs import Job, JobState, SigningResult
from policies.secret import ResponseId
from policies.values import Principal

BATCH: Final = 50
"""Results dropped in one transaction: each may be megabytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Background:
    """Accepts work and sees it through."""

    jobs: Jobs
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
    ) -> ResponseId:
        """The handle of ``work``, which begins when ``signing`` has its reservation.

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
        await self.effects.run(self._accept(new, signing, work, now))
        return new.response_id

    async def _accept(
        self,
        new: NewJob,
        signing: Signing,
        work: Callable[[], Awaitable[SigningResult]],
        now: datetime,
    ) -> None:
        await self.jobs.accept(new, now)
        try:
            await signing.reserve()
        except (errors.Refused, SadAlreadyUsed, StorageUnavailable):
            await self.jobs.finish(new.response_id, None, now)
            raise
        self.effects.start(self._finish(new.response_id, work))

    async def _finish(
        self, response_id: ResponseId, work: Callable[[], Awaitable[SigningResult]]
    ) -> None:
        try:
            result = await work()
        except (HsmError, errors.Refused, TimestampUnavailable):
            # On record already by ``Signing``, or by the time-stamp that did not come.
            await self.jobs.finish(response_id, None, self.clock.now())
            return
        await self.jobs.finish(response_id, result, self.clock.now())


@dataclass(frozen=True, slots=True)
class Poll:
    """signatures/signPolling."""

    jobs: Jobs
    clock: Clock

    async def __call__(self, principal: Principal, response_id: ResponseId) -> SigningResult:
        """The result.

        Raises:
            ResponseUnknown, ResponsePending, ResponseFailed: See ``policies.jobs.outcome``.
        """
        return jobs.outcome(await self.jobs.find(response_id), principal, self.clock.now())


@dataclass(frozen=True, slots=True)
class ForgetJobs:
    """Run now and then by the web process: results whose time is over go."""

    jobs: Jobs
    clock: Clock

    async def __call__(self) -> None:
        """Afterwards no result is kept longer than it was promised."""
        while await self.jobs.forget(self.clock.now(), BATCH):
            pass
