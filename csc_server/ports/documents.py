"""Documents, time-stamps, asynchronous work and the pace of clients: ports of the document methods.

Adapters: ``csc_server.adapters.spool``, ``ades.desk``, ``csc_server.adapters.tsa``,
``csc_server.adapters.pacing``, ``csc_server.storage.jobs``.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol, TypeVar

from ades.desk import Work
from ades.levels.ports import Evidence
from policies.algorithms import HashAlgorithm
from policies.audit import Event
from policies.jobs import Job, SigningResult
from policies.pacing import Pace
from policies.secret import ResponseId
from policies.values import Principal

T = TypeVar("T")


class Desk(Protocol):
    """Where documents are worked on, each piece in a process of its own."""

    async def do(self, work: Work[T]) -> T:
        """See ``ades.desk.Desk``."""


class SpoolFull(Exception):
    """There is no room for more documents at the moment."""


class Room(Protocol):
    """The directory of one request. It is gone when nobody holds it any more."""

    @property
    def path(self) -> Path:
        """Mode 0700; empty at first."""

    def claim(self, size: int) -> None:
        """Have room for so many more bytes.

        Raises:
            SpoolFull: There is not so much.
        """

    def hold(self) -> None:
        """Work here that may go on after others have left."""

    async def release(self) -> None:
        """Leave; once for each ``hold``."""


class Spool(Protocol):
    """Where documents lie while they are worked on, and results until they are fetched."""

    def room(self) -> AbstractAsyncContextManager[Room]:
        """A new directory, held by the context."""

    async def keep(self, room: Path, result: SigningResult, until: datetime) -> SigningResult:
        """Afterwards the files of a result are kept, whole, also through a crash.

        Args:
            room: The directory that they lie in.

        Returns:
            The same with the names that they have in ``results``.

        Raises:
            SpoolFull: The disk did not take them.
        """

    @property
    def results(self) -> Path:
        """What was kept, in directories."""

    async def forget(self, now: datetime) -> None:
        """Afterwards nothing is kept whose time is over."""


class TimestampUnavailable(Exception):
    """The authority did not answer in time, or not with a time-stamp response."""


class EvidenceUnavailable(Exception):
    """Nobody says that a certificate is good: no answer, or another one."""


class EvidenceSource(Protocol):
    """Whoever knows the status of certificates."""

    def covers(self, certificate: bytes) -> bool:
        """True for those, DER, whose status it knows."""

    async def evidence(self, certificates: tuple[bytes, ...]) -> Evidence:
        """That these and those above them are good, of now.

        Raises:
            EvidenceUnavailable: No evidence for one of them.
        """


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
