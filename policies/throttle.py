"""How many wrong guesses a factor forgives. (security-and-pki 5.1; NIST SP 800-63B-4 3.2.2)

A pure state machine: a failure gives the next state, only a success clears it. A time lock alone
is not enough (five tries per quarter of an hour find a six-digit code in 41 % of years), so ten
consecutive failures stop the factor until its owner or an operator lifts the stop. Nor is that
enough for codes of six digits: whoever guesses four times before each success of the owner is
never locked. So their wrong guesses have a budget for the year, which no success refills.
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
YEAR: Final = timedelta(days=365)
BUDGET: Final = 25
"""Wrong guesses at a factor of a million possibilities that may come at once; one more grows back
each 1/25 of a year. So any year has at most 50, two of a million each (``totp.STEPS_BACK``):
at most 1e-4 (issue: success probability per account and year)."""
GROWS_BACK: Final = YEAR / BUDGET


@dataclass(frozen=True, slots=True)
class Throttle:
    """Failures of one factor of one owner."""

    failures: int = 0
    """Consecutive failures since the last success."""
    locked_until: datetime | None = None
    """First instant at which a try counts again."""
    spent_until: datetime | None = None
    """When all of the year's guesses will have grown back; only for factors with a budget."""

    @property
    def stopped(self) -> bool:
        """Only the owner's unlock path or an operator helps."""
        return self.failures >= STOP_AFTER


CLEAR: Final = Throttle()


def blocked(throttle: Throttle, now: datetime) -> bool:
    """True while no try is even looked at; a right code is refused like a wrong one."""
    if throttle.stopped:
        return True
    until = blocked_until(throttle)
    return until is not None and now < until


def blocked_until(throttle: Throttle) -> datetime | None:
    """First instant at which a try counts again by itself, lock and budget taken together."""
    # A guess needs room for one more step of growth within the year.
    room = throttle.spent_until and throttle.spent_until + GROWS_BACK - YEAR
    return max(filter(None, (throttle.locked_until, room)), default=None)


def after_failure(throttle: Throttle, now: datetime, *, budget: bool = False) -> Throttle:
    """The state after one more wrong guess at ``now``.

    Args:
        budget: The factor has a million possibilities: the guess is taken from the year's.
    """
    failures = throttle.failures + 1
    spent = throttle.spent_until
    if budget:
        spent = max(spent or now, now) + GROWS_BACK
    if failures < LOCK_AFTER:
        return Throttle(failures, throttle.locked_until, spent)
    return Throttle(failures, now + FIRST_LOCK * 2 ** (failures - LOCK_AFTER), spent)


def after_spending(throttle: Throttle, now: datetime) -> Throttle:
    """The state after one more wrong guess at ``now`` where only the year's budget counts.

    For codes that die after a few guesses of their own accord (``policies.codes``).
    """
    return Throttle(spent_until=max(throttle.spent_until or now, now) + GROWS_BACK)


def after_success(throttle: Throttle, now: datetime) -> Throttle:
    """The state after a right guess, or after the owner lifted the stop: the budget stays."""
    if throttle.spent_until is None or throttle.spent_until <= now:
        return CLEAR
    return Throttle(spent_until=throttle.spent_until)


def tries_left(throttle: Throttle) -> int:
    """Wrong guesses until the next lock: told to whoever mistyped."""
    return max(LOCK_AFTER - throttle.failures, 0)
