"""Send a code by SMS or mail: one place for every verb that does."""

from __future__ import annotations

from typing import Final

import structlog

from csc_server.operations.people.letters import Addressee, CodeSent, Letters, sent
from csc_server.ports.people import NewCode, People
from policies import sms_budget
from policies.audit import Event
from policies.errors import SmsBudgetSpent

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
    try:
        state = await people.send_code(new, message, limits, [record])
    except SmsBudgetSpent:
        _log.error("sms_budget_spent", per_day=limits.per_day, purpose=new.key.purpose)
        raise
    if state.sms_today is not None and sms_budget.alarming(state.sms_today, limits.per_day):
        _log.warning("sms_budget_low", sent=state.sms_today, per_day=limits.per_day)
    return sent(state, new.sent_at)
