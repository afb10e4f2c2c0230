"""Why a code of the authenticator was refused, as the templates of ``otp.html`` read it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from policies import errors


@dataclass(frozen=True, slots=True)
class Refusal:
    """One refused code."""

    kind: str
    """``wrong``, ``locked``, ``skewed``, ``cooling``, ``not_ready``."""
    tries_left: int | None = None
    until: datetime | None = None
    """First instant at which a code is looked at again."""
    skew_s: int | None = None
    """How far the phone's clock is ahead; negative: behind."""


def refusal(reason: errors.Refused) -> Refusal:
    """What the page tells of this reason.

    Raises:
        Refused: ``reason`` itself, when it is not about a code.
    """
    match reason:
        case errors.ClockSkewed():
            return Refusal("skewed", skew_s=reason.seconds)
        case errors.LoginCodeWrong():
            return Refusal("wrong", tries_left=reason.tries_left)
        case errors.LoginCodeLocked():
            return Refusal("locked", until=reason.until)
        case errors.OtpLocked():
            return Refusal("locked")
        case errors.AuthenticatorCooling():
            return Refusal("cooling")
        case errors.AuthenticatorNotReady():
            return Refusal("not_ready")
        case errors.OtpWrong() | errors.OtpMissing():
            return Refusal("wrong")
    raise reason
