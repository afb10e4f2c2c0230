"""Time-stamps, asynchronous work and the pace of clients: ports of the document methods.

Adapters: ``csc_server.adapters.tsa``, ``csc_server.adapters.pacing``, ``csc_server.storage.jobs``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from policies.algorithms import HashAlgorithm
from policies.audit import Event
from policies.jobs import Job, SigningResult
from policies.pacing import Pace
from policies.secret import ResponseId
from policies.values import Principal


class TimestampUnavailable(Exception):
    """The authority did not answer in time, or not with a time-stamp response."""


class TimestampAuthority(Protocol):
    """A time-stamping authority. (RFC 3161)"""

    async def timestamp(self, digest: bytes, algorithm: HashAlgorithm, nonce: int) -> bytes:
        """The TimeStampToken (DER ContentInfo) over ``digest``.

        Its imprint, nonce and policy are those of the request.

        Raises:
            TimestampUnavailable: No answer.
            TimestampRefused: An answer, but no token for this request.
        """


class SigningPacing(Protocol):
    """How often each client signs."""

    def admit(self, principal: Principal, now: datetime) -> Pace | None:
        """Let the client go on to the store, which counts for all processes.

        Returns:
            Under what the signature is to be counted there; ``None``: there is no limit.

        Raises:
            ClientTooFast: It called this process alone too often.
        """


@dataclass(frozen=True, slots=True)
class NewJob:
    """Work that was accepted; the id goes to the client, its digest to the store."""

    response_id: ResponseId
    job: Job


class Jobs(Protocol):
    """Asynchronous work and its results."""

    async def accept(self, new: NewJob, now: datetime) -> None:
        """Afterwards polls know the job."""

    async def finish(
        self,
        response_id: ResponseId,
        result: SigningResult | None,
        now: datetime,
        events: Sequence[Event] = (),
    ) -> None:
        """The job ended: with a result, or with ``None`` without one.

        Changes nothing when the job's time is over: what a poll called failed stays failed.
        """

    async def find(self, response_id: ResponseId) -> Job | None:
        """The job with this id."""

    async def forget(self, now: datetime, limit: int) -> int:
        """Drop at most ``limit`` jobs whose time is over; how many."""
