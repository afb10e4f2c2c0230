"""Send a code by SMS or mail: one place for every verb that does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import structlog

from csc_server.operations.people.letters import Addressee, CodeSent, Letters, sent
from csc_server.ports.people import NewCode, People
from policies import sms_budget
from policies.audit import Event
from policies.errors import SmsBudgetSpent
from policies.sms_budget import SmsLimits

_log: Final = structlog.get_logger("csc_server")


async def send_code(
    people: People, letters: Letters, to: Addressee, new: NewCode, record: Event
) -> CodeSent:
    """A code is on its way, unless the one before is too young; what the page tells of it.

    Args:
        record: Written when it goes out.

    Raises:
        RateLimited: Too many SMS to this number, or for this owner.
        SmsBudgetSpent: Too many SMS of the whole service today; nothing changed.
    """
    limits = letters.rules.sms
    message = letters.code_message(to, new)
    with told_when_spent(limits, new.key.purpose):
        state = await people.send_code(new, message, limits, [record])
    tell_when_low(limits, state.sms_today)
    return sent(state, new.sent_at)


@contextmanager
def told_when_spent(limits: SmsLimits, purpose: str) -> Iterator[None]:
    """The operator hears of it when the day's SMS are used up."""
    try:
        yield
    except SmsBudgetSpent:
        _log.error("sms_budget_spent", per_day=limits.per_day, purpose=purpose)
        raise


def tell_when_low(limits: SmsLimits, sms_today: int | None) -> None:
    """The operator hears of it, once, when most of the day's SMS are used up."""
    if sms_today is not None and sms_budget.alarming(sms_today, limits.per_day):
        _log.warning("sms_budget_low", sent=sms_today, per_day=limits.per_day)
