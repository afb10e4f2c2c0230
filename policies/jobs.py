"""How long asynchronous results are kept, and what a poll is told. (CSC v2 11.12 signPolling)

A job is accepted, and then done or failed; what is still accepted when its time is over counts
as failed for good: whoever worked on it is gone, and the approval it held is burned with its SAD
(``policies.lifecycle``). A reserved SAD is never signed with a second time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from policies import errors
from policies.values import AccountId, ClientId, Principal

KEPT: Final = timedelta(hours=1)
"""How long a result can be fetched when the client names no ``validity_period``."""
KEPT_AT_LEAST: Final = timedelta(seconds=10)
KEPT_AT_MOST: Final = timedelta(hours=24)
"""Bounds of ``validity_period``: results may be whole documents."""
WORK_LIMIT: Final = timedelta(minutes=2)
"""Far above what signatures and time-stamps of one request take (seconds)."""


class JobState(StrEnum):
    """What became of the work."""

    ACCEPTED = "accepted"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class ValidationInfo:
    """``validationInfo``: evidence for signatures that do not have it in them; all of it DER."""

    ocsps: tuple[bytes, ...]
    crls: tuple[bytes, ...]
    certificates: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class SigningResult:
    """What signHash or signDoc gives, each tuple in request order."""

    signatures: tuple[bytes, ...] = ()
    """Signature values of signHash."""
    documents: tuple[str, ...] = ()
    """Names of files: documents that carry their signature."""
    objects: tuple[str, ...] = ()
    """Names of files: detached CMS signatures."""
    validation_info: ValidationInfo | None = None

    def under(self, place: str) -> SigningResult:
        """The same when its files lie in a directory of this name."""
        documents = tuple(f"{place}/{name}" for name in self.documents)
        objects = tuple(f"{place}/{name}" for name in self.objects)
        return replace(self, documents=documents, objects=objects)


@dataclass(frozen=True, slots=True)
class Job:
    """Work that a client left with us."""

    account_id: AccountId
    client_id: ClientId
    state: JobState
    finish_by: datetime
    """From here on an accepted job is a failed one."""
    kept_until: datetime
    """From here on nothing is known of it."""
    result: SigningResult | None
    """Set exactly when done."""


def kept_until(validity_ms: int | None, now: datetime) -> datetime:
    """Until when the result of work accepted at ``now`` is kept.

    Raises:
        ValidityOutOfBounds: Shorter or longer than we keep results.
    """
    if validity_ms is None:
        return now + KEPT
    # Judged as numbers: a timedelta cannot hold every integer that a client can write.
    shortest, longest = (one // timedelta(milliseconds=1) for one in (KEPT_AT_LEAST, KEPT_AT_MOST))
    if not shortest <= validity_ms <= longest:
        raise errors.ValidityOutOfBounds(f"{validity_ms} ms")
    return now + timedelta(milliseconds=validity_ms)


def outcome(job: Job | None, principal: Principal, now: datetime) -> SigningResult:
    """The result, for whoever asked for it.

    Raises:
        ResponseUnknown: No such job any more, or another account's or client's.
        ResponsePending: Not finished yet.
        ResponseFailed: It never will be.
    """
    if (
        job is None
        or job.account_id != principal.account_id
        or job.client_id != principal.client_id
        or now >= job.kept_until
    ):
        raise errors.ResponseUnknown("unknown, over, or not the caller's")
    if job.result is not None:
        return job.result
    if job.state is JobState.ACCEPTED and now < job.finish_by:
        raise errors.ResponsePending("under way")
    raise errors.ResponseFailed(job.state)
