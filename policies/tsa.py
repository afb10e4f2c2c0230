"""Time-stamps: which requests get one, and which time they tell. (security-and-pki 2.6)

RFC 3161 with RFC 5816, EN 319 421 and 319 422. Encoding is ``pki.tsa``; measuring the clock,
keeping the mark and making serial numbers is done elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Final

from policies import errors
from policies.algorithms import HashAlgorithm

ACCURACY: Final = timedelta(seconds=1)
"""What tokens promise (EN 319 421 7.7.2 wants one second or better)."""
OFFSET_LIMIT: Final = timedelta(milliseconds=500)
"""Most that the clock may be off, either way."""
BEHIND_LIMIT: Final = timedelta(milliseconds=300)
"""Most that a token's time may be put forward to the mark. With OFFSET_LIMIT, and what a reading
can be wrong by (``policies.quorum``: half of a trip, and what servers that agree differ by), it is
within ACCURACY."""
READING_LIFE: Final = timedelta(seconds=58)
"""How long a comparison with the sources counts: later, nobody knows the time. A little less than
the minute within which tokens must stop (security-and-pki 7.2 row 25)."""
RESOLUTION: Final = timedelta(milliseconds=1)
"""Of genTime."""
LONGEST_REQUEST: Final = 4096
"""Bytes; an ordinary one has about 100, and extensions are not taken."""
STAMPS_PER_SECOND: Final = 20
"""Of one address (security-and-pki 5.7)."""
SERIAL_BITS: Final = 128
"""Random: unique without asking anybody, over restarts and restored databases."""


class Failure(IntEnum):
    """PKIFailureInfo: the number of the bit (RFC 3161 2.4.2)."""

    BAD_ALG = 0
    BAD_REQUEST = 2
    BAD_DATA_FORMAT = 5
    TIME_NOT_AVAILABLE = 14
    UNACCEPTED_POLICY = 15
    UNACCEPTED_EXTENSION = 16
    SYSTEM_FAILURE = 25


class StampRefused(Exception):
    """No token is given. The reasons are those of the protocol, hence one class for all."""

    def __init__(self, failure: Failure, why: str) -> None:
        super().__init__(f"{failure.name.lower()}: {why}")
        self.failure = failure


@dataclass(frozen=True, slots=True)
class Wish:
    """What a request asks for, decoded."""

    version: int
    hash_oid: str
    digest_bytes: int
    policy: str | None
    """OID; ``None`` leaves it to us."""
    extensions: bool
    """There is at least one."""


def admit(wish: Wish, policies: Sequence[str]) -> str:
    """The policy to stamp under.

    Args:
        policies: OIDs that tokens are given under, the usual one first.

    Raises:
        StampRefused: With the protocol's reason.
    """
    if wish.version != 1:
        raise StampRefused(Failure.BAD_REQUEST, f"version {wish.version}")
    try:
        algorithm = HashAlgorithm.of_oid(wish.hash_oid)
    except errors.HashAlgoInvalid as reason:
        raise StampRefused(Failure.BAD_ALG, f"digest {wish.hash_oid}") from reason
    if wish.digest_bytes != algorithm.digest_bytes:
        raise StampRefused(Failure.BAD_DATA_FORMAT, f"digest of {wish.digest_bytes} bytes")
    if wish.policy is not None and wish.policy not in policies:
        raise StampRefused(Failure.UNACCEPTED_POLICY, f"policy {wish.policy}")
    if wish.extensions:
        # Critical or not: what is not understood must not be stamped (RFC 3161 2.4.1).
        raise StampRefused(Failure.UNACCEPTED_EXTENSION, "no extension is known")
    return wish.policy or policies[0]


# The clock


@dataclass(frozen=True, slots=True)
class Reading:
    """Our clock, once held against trusted sources."""

    offset: timedelta
    """Ours minus theirs."""
    at: datetime
    """What ours showed."""
    ticks_s: float
    """What a clock that nobody sets (monotonic) showed at the same moment, in seconds."""


def offset(reading: Reading | None, now: datetime, ticks_s: float) -> timedelta | None:
    """How far our clock is off at ``now``; ``None`` when nobody knows.

    A step since the reading shows at once: the two clocks no longer agree on what has passed.
    """
    if reading is None:
        return None
    passed = timedelta(seconds=ticks_s - reading.ticks_s)
    if not timedelta(0) <= passed <= READING_LIFE:
        return None
    return reading.offset + (now - reading.at - passed)


def gen_time(now: datetime, mark: datetime | None, off: timedelta | None) -> datetime:
    """The time that the next token tells: never before that of any earlier one.

    Args:
        mark: The latest time that this unit ever told, kept over restarts; ``None`` before the
            first token.
        off: Of ``offset``.

    Raises:
        StampRefused: TIME_NOT_AVAILABLE: the clock is off, nobody knows whether it is, or it
            shows a time so far before the mark that a token would be wrong by more than it says.
    """
    if off is None:
        raise StampRefused(Failure.TIME_NOT_AVAILABLE, "the clock was not compared lately")
    if abs(off) > OFFSET_LIMIT:
        raise StampRefused(Failure.TIME_NOT_AVAILABLE, f"the clock is off by {off}")
    told = now.replace(microsecond=now.microsecond // 1000 * 1000)
    if mark is None or told >= mark:
        return told
    if mark - told > BEHIND_LIMIT:
        raise StampRefused(Failure.TIME_NOT_AVAILABLE, f"{mark - told} before an earlier token")
    return mark
