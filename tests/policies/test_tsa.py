"""Time-stamps: who gets one, and which time it tells when the clock plays tricks."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies import tsa
from policies.algorithms import HashAlgorithm
from policies.tsa import (
    ACCURACY,
    BEHIND_LIMIT,
    OFFSET_LIMIT,
    READING_LIFE,
    RESOLUTION,
    Failure,
    Reading,
    StampRefused,
    Wish,
)

T0 = datetime(2026, 1, 1, tzinfo=UTC)
NONE_OFF = timedelta(0)
SMALLEST = timedelta(microseconds=1)
POLICIES = ("1.2.3.1", "1.2.3.2")
WISH = Wish(1, HashAlgorithm.SHA256.oid, 32, None, extensions=False)
SHA1, MD5, SHA224 = "1.3.14.3.2.26", "1.2.840.113549.2.5", "2.16.840.1.101.3.4.2.4"


def wish(**changes: object) -> Wish:
    """An ordinary wish but for this."""
    return dataclasses.replace(WISH, **changes)  # type: ignore[arg-type]  # a table of changes


@pytest.mark.parametrize(
    ("granted", "policy"),
    [
        (WISH, POLICIES[0]),
        (wish(policy=POLICIES[1]), POLICIES[1]),
        (wish(hash_oid=HashAlgorithm.SHA384.oid, digest_bytes=48), POLICIES[0]),
        (wish(hash_oid=HashAlgorithm.SHA512.oid, digest_bytes=64), POLICIES[0]),
    ],
)
def test_granted(granted: Wish, policy: str) -> None:
    """SHA-2 digests of the right length; without a wish for a policy, the usual one."""
    assert tsa.admit(granted, POLICIES) == policy


@pytest.mark.parametrize(
    ("refused", "failure"),
    [
        (wish(version=2), Failure.BAD_REQUEST),
        (wish(version=0), Failure.BAD_REQUEST),
        (wish(hash_oid=SHA1, digest_bytes=20), Failure.BAD_ALG),
        (wish(hash_oid=MD5, digest_bytes=16), Failure.BAD_ALG),
        (wish(hash_oid=SHA224, digest_bytes=28), Failure.BAD_ALG),
        (wish(digest_bytes=31), Failure.BAD_DATA_FORMAT),
        (wish(digest_bytes=33), Failure.BAD_DATA_FORMAT),
        (wish(digest_bytes=0), Failure.BAD_DATA_FORMAT),
        (wish(policy="1.2.3.3"), Failure.UNACCEPTED_POLICY),
        (wish(extensions=True), Failure.UNACCEPTED_EXTENSION),
    ],
)
def test_refused(refused: Wish, failure: Failure) -> None:
    """With the protocol's own reason."""
    with pytest.raises(StampRefused) as caught:
        tsa.admit(refused, POLICIES)
    assert caught.value.failure is failure


# The clock


@pytest.mark.parametrize(
    ("passed_s", "clock", "off"),
    [
        (0.0, NONE_OFF, NONE_OFF),
        (30.0, NONE_OFF, NONE_OFF),
        (58.0, NONE_OFF, NONE_OFF),
        (58.001, NONE_OFF, None),
        (-0.001, NONE_OFF, None),
        (30.0, timedelta(hours=1), timedelta(hours=1)),
        (30.0, timedelta(seconds=-1), timedelta(seconds=-1)),
    ],
)
def test_a_step_shows_at_once(passed_s: float, clock: timedelta, off: timedelta | None) -> None:
    """Whatever the wall clock gained over the monotonic one is its error; old readings are none."""
    assert timedelta(seconds=58) == READING_LIFE
    reading = Reading(timedelta(milliseconds=20), T0, 1000.0)
    now = T0 + timedelta(seconds=passed_s) + clock
    told = tsa.offset(reading, now, 1000.0 + passed_s)
    assert told == (None if off is None else off + timedelta(milliseconds=20))


def test_without_a_reading_nobody_knows() -> None:
    """At the start, and when the sources stay silent."""
    assert tsa.offset(None, T0, 0.0) is None


@pytest.mark.parametrize(
    ("now", "mark", "off", "told"),
    [
        (T0, None, NONE_OFF, T0),
        (T0 + timedelta(microseconds=1999), None, NONE_OFF, T0 + RESOLUTION),
        (T0, None, OFFSET_LIMIT, T0),
        (T0, None, -OFFSET_LIMIT, T0),
        (T0, None, OFFSET_LIMIT + SMALLEST, None),
        (T0, None, -OFFSET_LIMIT - SMALLEST, None),
        (T0, None, None, None),
        (T0, T0 - timedelta(hours=1), NONE_OFF, T0),
        (T0, T0, NONE_OFF, T0),
        (T0, T0 + RESOLUTION, NONE_OFF, T0 + RESOLUTION),
        (T0, T0 + BEHIND_LIMIT, NONE_OFF, T0 + BEHIND_LIMIT),
        (T0, T0 + BEHIND_LIMIT + RESOLUTION, NONE_OFF, None),
        (T0, T0 + timedelta(hours=1), NONE_OFF, None),
    ],
)
def test_which_time_is_told(
    now: datetime, mark: datetime | None, off: timedelta | None, told: datetime | None
) -> None:
    """Milliseconds, never before the mark; none when the clock is off, unknown or far behind."""
    if told is not None:
        assert tsa.gen_time(now, mark, off) == told
        return
    with pytest.raises(StampRefused) as caught:
        tsa.gen_time(now, mark, off)
    assert caught.value.failure is Failure.TIME_NOT_AVAILABLE


steps = st.tuples(
    st.integers(0, 2_000_000),  # true time that passes, in microseconds
    st.sampled_from([0, 0, 0, 300_000, -300_000, 1_000_000, -1_000_000, 3_600_000_000]),
)


@given(st.lists(steps, max_size=50), st.integers(-600_000, 600_000))
def test_told_times_are_true_and_never_go_back(
    journey: list[tuple[int, int]], first_off: int
) -> None:
    """Whatever is done to the clock: no token is more wrong than it says or before another."""
    true, ticks_s = T0, 0.0
    off = timedelta(microseconds=first_off)
    reading = Reading(off, true + off, ticks_s)
    mark: datetime | None = None
    for passed, step in journey:
        true += timedelta(microseconds=passed)
        ticks_s += passed / 1_000_000
        off += timedelta(microseconds=step)
        now = true + off
        if ticks_s - reading.ticks_s > READING_LIFE.total_seconds() / 2:
            reading = Reading(off, now, ticks_s)
        try:
            told = tsa.gen_time(now, mark, tsa.offset(reading, now, ticks_s))
        except StampRefused:
            continue
        assert abs(told - true) <= ACCURACY
        assert mark is None or told >= mark
        mark = told
