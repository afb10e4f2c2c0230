"""Throttling of factors: locks, the hard stop, and what an attacker gets out of a year."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from policies import throttle
from policies.throttle import CLEAR, FIRST_LOCK, LOCK_AFTER, STOP_AFTER, Throttle

T0 = datetime(2026, 1, 1, tzinfo=UTC)


def after(failures: int, now: datetime = T0) -> Throttle:
    """The state after so many failures at ``now``."""
    state = CLEAR
    for _ in range(failures):
        state = throttle.after_failure(state, now)
    return state


def test_four_failures_do_not_block() -> None:
    """A person may mistype four times."""
    assert not throttle.blocked(after(LOCK_AFTER - 1), T0)


@pytest.mark.parametrize(("offset_s", "blocked"), [(-1, True), (0, False), (1, False)])
def test_the_fifth_failure_locks_for_a_quarter_of_an_hour(offset_s: int, blocked: bool) -> None:
    """The second before the end still counts, the end itself does not."""
    end = T0 + FIRST_LOCK + timedelta(seconds=offset_s)
    assert throttle.blocked(after(LOCK_AFTER), end) is blocked


def test_the_lock_doubles() -> None:
    """The sixth failure locks twice as long as the fifth."""
    assert after(LOCK_AFTER + 1).locked_until == T0 + 2 * FIRST_LOCK


def test_the_tenth_failure_stops_for_good() -> None:
    """No passing of time lifts the stop."""
    assert throttle.blocked(after(STOP_AFTER), T0 + timedelta(days=3650))
    assert not after(STOP_AFTER - 1).stopped


def test_a_year_of_guessing_is_hopeless() -> None:
    """10^6 tries spread over a year: ten are looked at, 2 codes of 10^6 fit each (RFC 6238)."""
    state, looked_at = CLEAR, 0
    for number in range(1_000_000):
        now = T0 + timedelta(days=365) * number / 1_000_000
        if not throttle.blocked(state, now):
            looked_at += 1
            state = throttle.after_failure(state, now)
    assert looked_at == STOP_AFTER
    assert 1 - (1 - 2e-6) ** looked_at <= 1e-4
