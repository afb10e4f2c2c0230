"""May this place try a password at all? (security-and-pki 5.1, 5.7)"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from csc_server.ports import Call, LoginTry, Paces
from policies import addresses, spray
from policies.audit import Event, EventType, Outcome
from policies.spray import LoginRules


@dataclass(frozen=True, slots=True)
class LoginLimits:
    """Asked before a password is hashed, and again by the store when its answer counts."""

    paces: Paces
    rules: LoginRules

    async def admit(self, call: Call, name: str, now: datetime) -> LoginTry:
        """Let the place go on; how its try is counted. Two reads, whoever the name belongs to.

        Raises:
            RateLimited: It failed too often, or at too many accounts.
        """
        place, of_all = addresses.household(call.source), self.rules.of_all()
        under_attack = await self.paces.used_up(of_all, now)
        pace = self.rules.of_place(place, under_attack=under_attack)
        await self.paces.admit(pace, now)
        return LoginTry(
            pace=pace,
            of_all=of_all,
            place=spray.place_digest(place),
            name=spray.name_digest(name),
            most_names=self.rules.most_names,
            sprayed=_found(EventType.LOGINS_SPRAYED, call, now),
            flooded=_found(EventType.LOGINS_FLOODED, call, now),
        )


def _found(kind: EventType, call: Call, now: datetime) -> Event:
    return Event(kind, Outcome.FAILURE, now, "system", {}, call.source, call.correlation_id)
