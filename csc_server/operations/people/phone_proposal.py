"""The number used at identification becomes a question at the next login. (journeys J1.9)"""

from __future__ import annotations

from dataclasses import dataclass

from csc_server.operations.people.change_phone import told
from csc_server.operations.people.letters import Letters
from csc_server.operations.people.records import active, profile_of
from csc_server.operations.records import event
from csc_server.ports import Call, Clock
from csc_server.ports.people import People
from policies import errors, registration
from policies.audit import EventType
from policies.values import AccountId


@dataclass(frozen=True, slots=True)
class ProposePhone:
    """Told by the identification, through the registration API."""

    people: People
    clock: Clock
    letters: Letters

    async def __call__(self, call: Call, account_id: AccountId, phone: str) -> None:
        """Afterwards the person is asked at the next login; the number is not used before.

        Raises:
            FormInvalid: Field ``phone``.
            LinkInvalid: No active account.
            StepMissing: The account has no profile.
        """
        number = registration.checked_phone(phone, self.letters.rules.prefixes)
        profile = profile_of(active(await self.people.find(account_id)))
        if number == profile.phone:
            return
        record = event(EventType.PHONE_PROPOSED, account_id, call, self.clock.now())
        await self.people.propose_phone(account_id, number, [record])


@dataclass(frozen=True, slots=True)
class AnswerPhoneProposal:
    """*Confirm* or *Refuse*."""

    people: People
    clock: Clock
    letters: Letters

    async def __call__(
        self, call: Call, account_id: AccountId, phone: str, *, accept: bool
    ) -> None:
        """Afterwards the question is gone; accepted, the number is the account's.

        The owner is told by mail. Sessions stay: the answer is part of a login.

        Args:
            phone: The number that the person was asked about.

        Raises:
            StepMissing: It is not the number proposed (any more).
        """
        profile = profile_of(active(await self.people.find(account_id)))
        now = self.clock.now()
        kind = EventType.PHONE_CHANGED if accept else EventType.PHONE_REFUSED
        record = event(kind, account_id, call, now)
        mails = [told(self.letters, profile, phone, now)] if accept else []
        done = await self.people.answer_phone(
            account_id, phone, accept=accept, events=[record], mails=mails
        )
        if not done:
            raise errors.StepMissing("not the proposed number")
