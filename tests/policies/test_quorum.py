"""Several servers, some of them wrong: what time it is, or that nobody knows."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies import quorum, tsa
from policies.quorum import AGREE_WITHIN, Sample

MS = timedelta(milliseconds=1)
HOUR = timedelta(hours=1)


def samples(*offsets: timedelta) -> list[Sample]:
    """One server for each."""
    return [Sample(f"ntp{number}", one) for number, one in enumerate(offsets)]


@pytest.mark.parametrize(
    ("offsets", "agreed"),
    [
        ((), None),
        ((0 * MS, 0 * MS), None),
        ((0 * MS, 1 * MS, 2 * MS), 1 * MS),
        ((0 * MS, 1 * MS, 2 * MS, HOUR), 1 * MS),
        ((-HOUR, 0 * MS, 1 * MS, 2 * MS), 1 * MS),
        ((0 * MS, 0 * MS, HOUR, HOUR), None),
        ((-HOUR, 0 * MS, 0 * MS, HOUR), None),
        ((0 * MS, 50 * MS, AGREE_WITHIN), 50 * MS),
        ((0 * MS, 50 * MS, AGREE_WITHIN + MS / 1000), None),
        ((HOUR, HOUR, HOUR, 0 * MS), HOUR),
        # Of two groups of three the one that lies closer together.
        ((0 * MS, 60 * MS, 70 * MS, 110 * MS), 70 * MS),
    ],
)
def test_three_of_four(offsets: tuple[timedelta, ...], agreed: timedelta | None) -> None:
    """Three that agree are believed, whatever the fourth says; two against two are not."""
    assert quorum.agreed(samples(*offsets)) == agreed


@given(
    honest=st.lists(st.integers(-50, 50), min_size=3, max_size=3),
    off=st.integers(-(10**9), 10**9),
    liar=st.integers(-(10**9), 10**9),
)
def test_one_liar_changes_nothing_that_matters(honest: list[int], off: int, liar: int) -> None:
    """With three honest ones the offset is theirs, to within what they may differ by."""
    told = [(off + one) * MS for one in honest]
    found = quorum.agreed(samples(*told, liar * MS))
    assert found is not None
    assert min(told) - AGREE_WITHIN <= found <= max(told) + AGREE_WITHIN


def test_a_reading_is_renewed_before_it_is_old() -> None:
    """Three tries of the longest kind end within the life of the last reading."""
    longest = quorum.ASK_EVERY + quorum.TRIES * quorum.ANSWER_LIMIT
    assert longest < tsa.READING_LIFE


def test_everything_together_is_within_the_accuracy() -> None:
    """Clock off, token put forward, a long trip, servers that differ: still one second."""
    wrong = tsa.OFFSET_LIMIT + tsa.BEHIND_LIMIT + quorum.LONGEST_TRIP / 2 + AGREE_WITHIN
    assert wrong <= tsa.ACCURACY
