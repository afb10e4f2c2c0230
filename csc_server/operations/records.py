"""Audit events in one line, so that no operation forgets who, from where, and which request."""

from __future__ import annotations

from datetime import datetime

from csc_server.ports import Call
from policies.audit import Event, EventType, Outcome
from policies.values import AccountId


def event(
    kind: EventType,
    account_id: AccountId,
    call: Call,
    now: datetime,
    outcome: Outcome = Outcome.SUCCESS,
    **details: str | int | list[str],
) -> Event:
    """Something the account did in this call."""
    return Event(
        type=kind,
        outcome=outcome,
        at=now,
        actor=f"account:{account_id}",
        details=details,
        source=call.source,
        correlation_id=call.correlation_id,
    )
