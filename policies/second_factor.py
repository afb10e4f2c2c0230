"""The code at login: who must type one, who is asked to set it up, who may put it off.

(journeys J1.3, J1.4, J1.11, J6; security-and-pki 5.1) Days are days in UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from policies import errors, totp

MANDATORY_FROM: Final = date(2026, 12, 31)
"""J1.3: from this day nobody may put the second factor off, unless configured otherwise."""
PENDING_LIFE: Final = timedelta(minutes=10)
"""providers 7: a seed that was shown and not confirmed by a code is worth nothing after this."""
SKEW_STEPS: Final = 20
"""Ten minutes: how far around now a code of a fresh seed is looked for, to tell how wrong the
phone's clock is (providers 7)."""
SKEW_TOLD_S: Final = 60
"""providers 7, ui 5.3: a difference of more than this is told."""


class Deferral(StrEnum):
    """How the person put the second factor off. (J1.3)"""

    NONE = "none"
    """Not asked yet."""
    UNTIL = "until"
    NEXT_LOGIN = "next_login"
    NEVER = "never"


class PairingState(StrEnum):
    """Where the account's authenticator stands."""

    NONE = "none"
    PENDING = "pending"
    """A seed was shown; no code of it has been seen. A seed before it is dead."""
    ACTIVE = "active"


class LoginStep(StrEnum):
    """What comes after a right password."""

    CODE = "code"
    """The code of the authenticator; nobody is logged in before it."""
    PAIR = "pair"
    """An authenticator has to be paired; nothing else is open before."""
    NOTICE = "notice"
    """Logged in; the notice comes first."""
    DONE = "done"


@dataclass(frozen=True, slots=True)
class SecondFactor:
    """What the profile says about codes at login."""

    login_code: bool = False
    """The person switched codes at login on. Never switched off again."""
    deferral: Deferral = Deferral.NONE
    remind_on: date | None = None
    """Set exactly with ``Deferral.UNTIL``."""


def mandatory(now: datetime, mandatory_from: date) -> bool:
    """True from the day on which the second factor cannot be put off."""
    return now.date() >= mandatory_from


def after_password(
    second: SecondFactor, pairing: PairingState, mandatory_from: date, now: datetime
) -> LoginStep:
    """What comes after a right password."""
    if second.login_code or mandatory(now, mandatory_from):
        # A reset that was broken off leaves no way around the code: pairing comes first.
        return LoginStep.CODE if pairing is PairingState.ACTIVE else LoginStep.PAIR
    if second.deferral is Deferral.NEVER:
        return LoginStep.DONE
    if second.deferral is Deferral.UNTIL and second.remind_on and now.date() < second.remind_on:
        return LoginStep.DONE
    return LoginStep.NOTICE


def deferred(
    second: SecondFactor, deferral: Deferral, remind_on: date | None, day: date, until: date
) -> SecondFactor:
    """The state after the person put the second factor off on ``day``.

    Args:
        remind_on: With ``Deferral.UNTIL``: after ``day``, not after ``until``.
        until: The day from which it is mandatory.

    Raises:
        SecondFactorMandatory: It is ``until`` or later, or codes are switched on already.
        FormInvalid: Field ``remind_on``.
    """
    if second.login_code or day >= until:
        raise errors.SecondFactorMandatory(str(until))
    if deferral is not Deferral.UNTIL:
        return SecondFactor(second.login_code, deferral)
    if remind_on is None:
        raise errors.FormInvalid({"remind_on": "missing"})
    if remind_on <= day:
        raise errors.FormInvalid({"remind_on": "too_early"})
    if remind_on > until:
        raise errors.FormInvalid({"remind_on": "too_late"})
    return SecondFactor(second.login_code, deferral, remind_on)


def nearby_steps(now: datetime) -> tuple[int, ...]:
    """The steps whose codes tell of a wrong clock, the nearest last."""
    current = totp.step_at(now)
    around = range(current - SKEW_STEPS, current + SKEW_STEPS + 1)
    return tuple(sorted(around, key=lambda step: abs(step - current), reverse=True))


def fresh(made_at: datetime, now: datetime) -> bool:
    """True while a seed may be one that is being paired: only of such a seed is a wrong clock told.

    Of a seed in use it would help who guesses: a code that will be right soon.
    """
    return made_at <= now < made_at + PENDING_LIFE


def unproved(near: int | None, now: datetime) -> errors.OtpWrong:
    """Why the code of a new authenticator is refused.

    Args:
        near: The step around now whose code it is; ``None``: none, or nobody may know.
    """
    seconds = (near - totp.step_at(now)) * totp.STEP_S if near is not None else 0
    if abs(seconds) > SKEW_TOLD_S:
        return errors.ClockSkewed(seconds)
    return errors.OtpWrong("not a code of the pending seed")
