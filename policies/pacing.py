"""How fast one address may fail. (security-and-pki 5.7: 10 failed logins a minute and address)

A brake against guessing across accounts; the lasting count of one account's wrong passwords is
``policies.throttle``.
"""

from __future__ import annotations

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
