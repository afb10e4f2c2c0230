"""How many SMS the whole service sends in a day. (security-and-pki 5.7; providers 3.1)

Whoever earns by calls to a number makes others send SMS to many of them (toll fraud). Limits per
number and owner (``policies.codes``) do not stop that; a budget for all of them does. Whoever
asks for a code while it is spent loses nothing: link, form and approval stay as they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from policies import codes, errors

WINDOW: Final = codes.DAY
PER_DAY: Final = 1000
"""No source names a number: far above what a few hundred customers need in a day, and an amount
of money that hurts nobody."""
ALARM_TENTHS: Final = 8
"""The operator is told when so much of the budget is spent, while there is time to act."""


@dataclass(frozen=True, slots=True)
class SmsLimits:
    """What an instance allows."""

    gap: timedelta = timedelta(seconds=codes.SMS_GAP_S)
    """Least time between two SMS to one number."""
    per_day: int = PER_DAY
    """SMS of the whole service within any ``WINDOW``."""


def admit(sent: int, per_day: int) -> None:
    """Let one more SMS go out.

    Args:
        sent: SMS of the whole service within ``WINDOW``.

    Raises:
        SmsBudgetSpent: There were as many as there may be.
    """
    if sent >= per_day:
        raise errors.SmsBudgetSpent(f"{per_day} SMS a day for the whole service")


def alarming(sent: int, per_day: int) -> bool:
    """True for the SMS with which the operator has to be told, and for no other of the day.

    Args:
        sent: This SMS included.
    """
    return sent == max(per_day * ALARM_TENTHS // 10, 1)
