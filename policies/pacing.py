"""How often somebody may do something within a while. (security-and-pki 5.7)

Token buckets: a bucket holds ``most``, and gives them back evenly over its window. What is paced
for the whole service lies in the store (``Pace``); ``Bucket`` is the shield of one process before
it. The lasting counts of one account's wrong guesses are ``policies.throttle``.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from policies import errors

SECOND: Final = timedelta(seconds=1)
MINUTE: Final = timedelta(minutes=1)
HOUR: Final = timedelta(hours=1)

KEPT: Final = HOUR
"""How long a full bucket is remembered: a client that signs now and then finds its row again."""


class Paced(StrEnum):
    """What is counted."""

    FAILED_LOGIN = "failed_login"
    """By address."""
    FAILED_LOGIN_OF_ALL = "failed_login_of_all"
    """By nobody in particular (``policies.spray``)."""
    FLOOD_TOLD = "flood_told"
    """That the one before is used up."""
    REGISTRATION = "registration"
    """By address."""
    CLIENT_FAILURE = "client_failure"
    """Failed authentications of a client, by client and address."""
    PUSHED_REQUEST = "pushed_request"
    """By client."""
    AUTHORIZATION_REQUEST = "authorization_request"
    """By client."""
    SIGNATURE = "signature"
    """Calls that sign, by client."""


@dataclass(frozen=True, slots=True)
class Limit:
    """So many within so long, for each subject."""

    what: Paced
    most: int
    window: timedelta

    def of(self, subject: str) -> Pace:
        """The pace of one subject."""
        return Pace(self, subject)


FAILED_LOGINS: Final = Limit(Paced.FAILED_LOGIN, 10, MINUTE)
"""security-and-pki 5.7; a brake against guessing across accounts."""
REGISTRATIONS: Final = Limit(Paced.REGISTRATION, 5, HOUR)
"""security-and-pki 5.7: requests to register from one address."""


@dataclass(frozen=True, slots=True)
class Pace:
    """One subject's bucket. What is kept of it is the instant at which it is full again."""

    limit: Limit
    subject: str

    @property
    def key(self) -> bytes:
        """Under which it is kept: 32 bytes that show no address."""
        text = f"paraph/pace/1\0{self.limit.what}\0{self.subject}"
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()

    @property
    def step(self) -> timedelta:
        """How long the bucket takes to give one back."""
        return self.limit.window // self.limit.most

    def last_full(self, now: datetime) -> datetime:
        """The latest instant of being full again with which one may still be taken at ``now``."""
        return now + self.limit.window - self.step

    def refusal(self) -> errors.Refused:
        """Why nothing can be taken."""
        text = f"{self.limit.what}: {self.limit.most} in {self.limit.window}"
        if self.limit.what is Paced.SIGNATURE:
            return errors.ClientTooFast(text)
        return errors.RateLimited(text)


def admit(pace: Pace, full_at: datetime | None, now: datetime) -> None:
    """Return while one may be taken.

    Args:
        full_at: What is kept; ``None``: nothing, the bucket is full.

    Raises:
        RateLimited, ClientTooFast: It is empty.
    """
    if full_at is not None and full_at > pace.last_full(now):
        raise pace.refusal()


def taken(pace: Pace, full_at: datetime | None, now: datetime) -> datetime:
    """What is to be kept after one is taken, if ``admit`` let it."""
    return max(full_at or now, now) + pace.step


@dataclass(frozen=True, slots=True)
class Bucket:
    """What a client has left of its right to sign, as far as one process knows."""

    level: float
    """Requests that may be made at once."""
    at: datetime
    """When the level was that."""


def draw(
    bucket: Bucket | None, per_second: int, now: datetime, at_once: int | None = None
) -> Bucket:
    """The bucket after one request at ``now``.

    Args:
        bucket: ``None`` for a client that was not seen lately.
        per_second: Requests that are given back each second.
        at_once: What it holds; ``None``: what one second gives.

    Raises:
        ClientTooFast: It is empty. Nothing is taken then.
    """
    level = most = float(at_once or per_second)
    if bucket is not None:
        # A clock that was set back gives nothing.
        passed_s = max((now - bucket.at).total_seconds(), 0.0)
        level = min(most, bucket.level + passed_s * per_second)
    if level < 1:
        raise errors.ClientTooFast(f"{per_second} a second")
    return Bucket(level - 1, now)
