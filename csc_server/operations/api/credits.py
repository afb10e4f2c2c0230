"""Transactions for an account, told by whoever sells them. (journeys J7.7)"""

from __future__ import annotations

from dataclasses import dataclass

from csc_server.ports import Call, Clock
from csc_server.ports.api import Credit, Ledger
from csc_server.ports.people import People
from policies import errors
from policies.audit import Event, EventType, Outcome
from policies.transactions import Balance


@dataclass(frozen=True, slots=True)
class AddCredit:
    """Adds a credit; from the first one on the account is metered."""

    people: People
    ledger: Ledger
    clock: Clock

    async def __call__(self, call: Call, credit: Credit) -> Balance:
        """Where the account stands with this credit; a second time it changes nothing.

        Raises:
            LinkInvalid: No such account.
            CreditDiffers: The reference names another credit already.
        """
        if await self.people.find(credit.account_id) is None:
            raise errors.LinkInvalid("no such account")
        now = self.clock.now()
        details: dict[str, str | int | list[str]] = {
            "account_id": credit.account_id,
            "reference": credit.reference,
            "transactions": credit.transactions,
        }
        record = Event(
            EventType.CREDIT_ADDED,
            Outcome.SUCCESS,
            now,
            credit.source,
            details,
            call.source,
            call.correlation_id,
        )
        await self.ledger.add(credit, now, [record])
        return await self.ledger.balance(credit.account_id)
