"""The owner of a certificate reads by mail what happened to it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from csc_server.operations.people.letters import Addressee, Letters
from csc_server.ports.messages import NewMessage
from csc_server.ports.people import People
from policies.messages import MessageKind
from policies.values import AccountId


@dataclass(frozen=True, slots=True)
class TellOwner:
    """Makes the mail; the store writes it with its cause."""

    people: People
    letters: Letters

    async def __call__(
        self,
        kind: MessageKind,
        account_id: AccountId | None,
        serial: str,
        now: datetime,
        *,
        happened_at: datetime | None = None,
    ) -> list[NewMessage]:
        """One mail in the owner's language; none for an account without an address.

        Args:
            account_id: ``None``: of a service.
            happened_at: If that was not now.
        """
        person = None if account_id is None else await self.people.find(account_id)
        if person is None or person.profile is None:
            return []
        to = Addressee.of(person.profile)
        mail = self.letters.notice(kind, to, now, serial=serial)
        return [mail if happened_at is None else replace(mail, created_at=happened_at)]
