"""Put the second factor off. (journeys J1.3)"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from csc_server.operations.people.records import active, profile_of
from csc_server.operations.people.rules import PeopleRules
from csc_server.operations.records import event
from csc_server.ports import Call, Clock
from csc_server.ports.people import People
from policies import second_factor
from policies.audit import EventType
from policies.second_factor import Deferral
from policies.values import AccountId


@dataclass(frozen=True, slots=True)
class DeferSecondFactor:
    """One of the three deferrals of the notice."""

    people: People
    clock: Clock
    rules: PeopleRules

    async def __call__(
        self, call: Call, account_id: AccountId, deferral: Deferral, remind_on: date | None = None
    ) -> None:
        """Afterwards the next login knows what to show.

        Raises:
            SecondFactorMandatory, FormInvalid: See ``policies.second_factor.deferred``.
        """
        profile = profile_of(active(await self.people.find(account_id)))
        now = self.clock.now()
        second = second_factor.deferred(
            profile.second_factor, deferral, remind_on, now.date(), self.rules.mandatory_from
        )
        record = event(EventType.FACTOR_DEFERRED, account_id, call, now, deferral=deferral)
        await self.people.defer(account_id, second, [record])
