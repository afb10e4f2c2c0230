"""How fast one address may fail, and how fast one client may sign. (security-and-pki 5.7)

Failed logins: a brake against guessing across accounts, 10 a minute and address; the lasting
count of one account's wrong passwords is ``policies.throttle``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from policies import errors

WINDOW: Final = timedelta(minutes=1)


def recent(failures: tuple[datetime, ...], now: datetime) -> tuple[datetime, ...]:
    """The failures that still count at ``now``."""
    return tuple(at for at in failures if now - at < WINDOW)


def admit(failures: tuple[datetime, ...], limit: int, now: datetime) -> None:
    """Let the address try.

    Raises:
        RateLimited: Its failures within the last minute reached ``limit``.
    """
    if len(recent(failures, now)) >= limit:
        raise errors.RateLimited(f"{limit} failures a minute")


HOUR: Final = timedelta(hours=1)


def admit_call(calls: tuple[datetime, ...], limit: int, now: datetime) -> tuple[datetime, ...]:
    """Count one more call of an address that may call ``limit`` times an hour.

    Returns:
        The calls of the last hour, this one included.

    Raises:
        RateLimited: There were ``limit`` already.
    """
    lately = tuple(at for at in calls if now - at < HOUR)
    if len(lately) >= limit:
        raise errors.RateLimited(f"{limit} calls an hour")
    return (*lately, now)


@dataclass(frozen=True, slots=True)
class Bucket:
    """What a client has left of its right to sign: a token bucket."""

    level: float
    """Requests that may be made at once."""
    at: datetime
    """When the level was that."""


def draw(bucket: Bucket | None, per_second: int, now: datetime) -> Bucket:
    """The bucket after one request at ``now``; it holds what one second gives.

    Args:
        bucket: ``None`` for a client that was not seen lately.
        per_second: Requests that are given back each second.

    Raises:
        ClientTooFast: It is empty. Nothing is taken then.
    """
    level = float(per_second)
    if bucket is not None:
        # A clock that was set back gives nothing.
        passed_s = max((now - bucket.at).total_seconds(), 0.0)
        level = min(level, bucket.level + passed_s * per_second)
    if level < 1:
        raise errors.ClientTooFast(f"{per_second} a second")
    return Bucket(level - 1, now)
