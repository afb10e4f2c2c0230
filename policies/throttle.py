"""How many wrong guesses a factor forgives. (security-and-pki 5.1; NIST SP 800-63B-4 3.2.2)

A pure state machine: a failure gives the next state, only a success clears it. A time lock alone
is not enough (five tries per quarter of an hour find a six-digit code in 41 % of years), so ten
consecutive failures stop the factor until its owner or an operator lifts the stop.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

LOCK_AFTER: Final = 5
"""Consecutive failures that start the first lock."""
FIRST_LOCK: Final = timedelta(minutes=15)
"""Doubles with each failure after the first lock."""
STOP_AFTER: Final = 10
"""Consecutive failures that stop the factor for good."""
DEVICE_GUESSES: Final = 100
"""Wrong guesses after which a signer process itself refuses a factor, whatever the store says
(NIST SP 800-63B-4 3.2.2: never more than 100)."""
DEVICE_WINDOW: Final = timedelta(days=1)
"""Within so much time."""


@dataclass(frozen=True, slots=True)
class Throttle:
    """Failures of one factor of one owner."""

    failures: int = 0
    """Consecutive failures since the last success."""
    locked_until: datetime | None = None
    """First instant at which a try counts again."""

    @property
    def stopped(self) -> bool:
        """Only the owner's unlock path or an operator helps."""
        return self.failures >= STOP_AFTER


CLEAR: Final = Throttle()


def blocked(throttle: Throttle, now: datetime) -> bool:
    """True while no try is even looked at; a right code is refused like a wrong one."""
    if throttle.stopped:
        return True
    return throttle.locked_until is not None and now < throttle.locked_until


def after_failure(throttle: Throttle, now: datetime) -> Throttle:
    """The state after one more wrong guess at ``now``."""
    failures = throttle.failures + 1
    if failures < LOCK_AFTER:
        return Throttle(failures, throttle.locked_until)
    return Throttle(failures, now + FIRST_LOCK * 2 ** (failures - LOCK_AFTER))


def tries_left(throttle: Throttle) -> int:
    """Wrong guesses until the next lock: told to whoever mistyped."""
    return max(LOCK_AFTER - throttle.failures, 0)
