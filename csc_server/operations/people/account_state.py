"""Suspend and resume an account."""

from __future__ import annotations

from dataclasses import dataclass

from csc_server.operations.people.letters import Addressee, Letters
from csc_server.ports import Call, Clock
from csc_server.ports.people import People
from policies import errors
from policies.audit import Event, EventType, Outcome
from policies.messages import MessageKind
from policies.values import AccountId, AccountState


@dataclass(frozen=True, slots=True)
class SetAccountState:
    """Done by an operator or a registration client, never by the person."""

    people: People
    clock: Clock
    letters: Letters

    async def __call__(
        self, call: Call, actor: str, account_id: AccountId, state: AccountState
    ) -> None:
        """Afterwards the account is in this state and its owner will read so; idempotent.

        Args:
            actor: ``operator:NAME`` or ``client:ID``, for the audit log.

        Raises:
            LinkInvalid: No such account.
        """
        person = await self.people.find(account_id)
        if person is None:
            raise errors.LinkInvalid("no such account")
        if person.account.state is state:
            return
        active = state is AccountState.ACTIVE
        now = self.clock.now()
        kind = EventType.ACCOUNT_RESUMED if active else EventType.ACCOUNT_SUSPENDED
        details = {"account_id": str(account_id)}
        record = Event(kind, Outcome.SUCCESS, now, actor, details, call.source, call.correlation_id)
        word = MessageKind.ACCOUNT_RESUMED if active else MessageKind.ACCOUNT_SUSPENDED
        mails = []
        if person.profile is not None:
            mails.append(self.letters.notice(word, Addressee.of(person.profile), now))
        await self.people.set_state(account_id, state, now, [record], mails)
