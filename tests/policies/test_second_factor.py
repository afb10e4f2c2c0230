"""Who must type a code at login, who is asked, who may put it off. (J1.3, J1.4, J1.11, J6)"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from policies import errors, second_factor, totp
from policies.second_factor import Deferral, LoginStep, PairingState, SecondFactor
from tests.build import T0

LIMIT = date(2026, 12, 31)
ON = SecondFactor(login_code=True)
NEVER = SecondFactor(deferral=Deferral.NEVER)
TODAY = T0.date()
DAY = timedelta(days=1)
LATER = SecondFactor(deferral=Deferral.UNTIL, remind_on=TODAY + DAY)
BEFORE = datetime(2026, 12, 30, 23, 59, 59, tzinfo=UTC)
AFTER = datetime(2026, 12, 31, tzinfo=UTC)


@pytest.mark.parametrize(
    ("second", "pairing", "now", "wanted"),
    [
        (SecondFactor(), PairingState.NONE, T0, LoginStep.NOTICE),
        (SecondFactor(), PairingState.PENDING, T0, LoginStep.NOTICE),
        (SecondFactor(), PairingState.ACTIVE, T0, LoginStep.NOTICE),
        (ON, PairingState.ACTIVE, T0, LoginStep.CODE),
        (ON, PairingState.PENDING, T0, LoginStep.PAIR),
        (ON, PairingState.NONE, T0, LoginStep.PAIR),
        (NEVER, PairingState.NONE, T0, LoginStep.DONE),
        (NEVER, PairingState.ACTIVE, T0, LoginStep.DONE),
        (LATER, PairingState.NONE, T0, LoginStep.DONE),
        (LATER, PairingState.NONE, T0 + DAY, LoginStep.NOTICE),
        (SecondFactor(deferral=Deferral.NEXT_LOGIN), PairingState.NONE, T0, LoginStep.NOTICE),
        (NEVER, PairingState.NONE, BEFORE, LoginStep.DONE),
        (NEVER, PairingState.NONE, AFTER, LoginStep.PAIR),
        (NEVER, PairingState.ACTIVE, AFTER, LoginStep.CODE),
        (LATER, PairingState.PENDING, AFTER, LoginStep.PAIR),
    ],
)
def test_what_follows_a_right_password(
    second: SecondFactor, pairing: PairingState, now: datetime, wanted: LoginStep
) -> None:
    """A broken-off reset is no way around the code; from the mandatory day nobody is asked."""
    assert second_factor.after_password(second, pairing, LIMIT, now) is wanted


@pytest.mark.parametrize(
    ("remind_on", "problem"),
    [
        (None, "missing"),
        (TODAY, "too_early"),
        (TODAY - DAY, "too_early"),
        (LIMIT + DAY, "too_late"),
    ],
)
def test_days_that_cannot_be_picked(remind_on: date | None, problem: str) -> None:
    """Tomorrow at the earliest, the mandatory day at the latest."""
    with pytest.raises(errors.FormInvalid) as refusal:
        second_factor.deferred(SecondFactor(), Deferral.UNTIL, remind_on, TODAY, LIMIT)
    assert refusal.value.problems == {"remind_on": problem}


@pytest.mark.parametrize("day", [TODAY + DAY, LIMIT])
def test_days_that_can_be_picked(day: date) -> None:
    """Both ends count."""
    after = second_factor.deferred(SecondFactor(), Deferral.UNTIL, day, TODAY, LIMIT)
    assert after == SecondFactor(deferral=Deferral.UNTIL, remind_on=day)


@pytest.mark.parametrize("deferral", [Deferral.NEXT_LOGIN, Deferral.NEVER])
def test_other_deferrals_have_no_day(deferral: Deferral) -> None:
    """A day given all the same is dropped."""
    after = second_factor.deferred(LATER, deferral, TODAY + DAY, TODAY, LIMIT)
    assert after == SecondFactor(deferral=deferral)


@pytest.mark.parametrize(
    ("steps", "seconds"), [(3, 90), (-3, -90), (20, 600), (2, None), (-2, None), (1, None)]
)
def test_more_than_a_minute_is_told(steps: int, seconds: int | None) -> None:
    """Less may be a code that was typed slowly."""
    refusal = second_factor.unproved(totp.step_at(T0) + steps, T0)
    if seconds is None:
        assert type(refusal) is errors.OtpWrong
    else:
        assert isinstance(refusal, errors.ClockSkewed)
        assert refusal.seconds == seconds
    assert type(second_factor.unproved(None, T0)) is errors.OtpWrong


def test_a_seed_is_fresh_while_it_is_pending() -> None:
    """From the instant at which it was made, and not before: a clock set back shows nothing."""
    end = T0 + second_factor.PENDING_LIFE
    moment = timedelta(microseconds=1)
    assert [second_factor.fresh(T0, now) for now in (T0 - moment, T0, end - moment, end)] == [
        False,
        True,
        True,
        False,
    ]


def test_from_the_mandatory_day_nothing_is_put_off() -> None:
    """The day itself counts; neither may codes be switched off again."""
    never = Deferral.NEVER
    second_factor.deferred(SecondFactor(), never, None, LIMIT - DAY, LIMIT)
    with pytest.raises(errors.SecondFactorMandatory):
        second_factor.deferred(SecondFactor(), never, None, LIMIT, LIMIT)
    with pytest.raises(errors.SecondFactorMandatory):
        second_factor.deferred(ON, never, None, TODAY, LIMIT)
