"""Time steps of one-time codes. (RFC 6238)"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from policies import errors, totp

# RFC 6238 appendix B: time (s) and the time step it lies in.
VECTORS = [(59, 0x1), (1111111109, 0x23523EC), (1234567890, 0x273EF07), (20000000000, 0x27BC86AA)]


def at(seconds: float) -> datetime:
    """The instant so many seconds after 1970."""
    return datetime.fromtimestamp(0, UTC) + timedelta(seconds=seconds)


@pytest.mark.parametrize(("seconds", "step"), VECTORS)
def test_steps_of_the_standard(seconds: int, step: int) -> None:
    """The vectors of RFC 6238 appendix B."""
    assert totp.step_at(at(seconds)) == step


@pytest.mark.parametrize(("seconds", "step"), [(29.999, 0), (30, 1), (30.001, 1)])
def test_a_step_begins_at_its_second(seconds: float, step: int) -> None:
    """Before, at and after the limit."""
    assert totp.step_at(at(seconds)) == step


def test_the_current_step_and_one_back_count() -> None:
    """None forward, none further back."""
    assert totp.acceptable_steps(at(300)) == (10, 9)


def test_naive_time_is_refused() -> None:
    """A time without zone is a bug, not a time."""
    with pytest.raises(ValueError, match="naive"):
        totp.step_at(datetime(2026, 1, 1))  # noqa: DTZ001 - the point of the test


@pytest.mark.parametrize(
    ("matched", "last_used", "reason"),
    [(None, 5, errors.OtpWrong), (5, 5, errors.OtpReplayed), (4, 5, errors.OtpReplayed)],
)
def test_wrong_and_used_steps_are_refused(
    matched: int | None, last_used: int, reason: type[errors.Refused]
) -> None:
    """No match, the same step again, and an older step after a newer one."""
    with pytest.raises(errors.OtpWrong) as caught:
        totp.judge(matched, last_used)
    assert type(caught.value) is reason


def test_a_later_step_is_accepted() -> None:
    """The step to remember comes back."""
    assert totp.judge(6, 5) == 6
