"""What an operator sets of a person: name, mail address, phone number.

For accounts from the command line, so that their people can use the pages. The operator answers
for the address and the number; no link and no code proves them.
"""

from __future__ import annotations

from dataclasses import dataclass

from csc_server.operations.people.letters import Addressee, Letters
from csc_server.ports import Call, Clock
from csc_server.ports.people import People
from policies import errors, masks, registration
from policies.audit import Event, EventType, Outcome
from policies.messages import MessageKind
from policies.registration import RegistrationForm
from policies.values import AccountId


@dataclass(frozen=True, slots=True)
class SetProfile:
    """Done by an operator, never by the person."""

    people: People
    clock: Clock
    letters: Letters

    async def __call__(
        self, call: Call, actor: str, account_id: AccountId, form: RegistrationForm
    ) -> None:
        """Afterwards the account has this profile.

        Where mail address or phone number changed, sessions and grants have ended; of another
        number the person reads by mail.

        Args:
            actor: ``operator:NAME``, for the audit log.

        Raises:
            FormInvalid: See ``policies.registration.check``.
            LinkInvalid: No such account.
            NameTaken: The mail address belongs to another account.
        """
        applicant = registration.check(form, self.letters.rules.prefixes)
        person = await self.people.find(account_id)
        if person is None:
            raise errors.LinkInvalid("no such account")
        now, before = self.clock.now(), person.profile
        details = {"account_id": str(account_id)}
        record = Event(
            EventType.PROFILE_SET,
            Outcome.SUCCESS,
            now,
            actor,
            details,
            call.source,
            call.correlation_id,
        )
        mails = []
        if before is not None and before.phone != applicant.phone:
            numbers = {
                "old_phone": masks.phone(before.phone),
                "new_phone": masks.phone(applicant.phone),
            }
            to = Addressee.of(before)
            mails.append(self.letters.notice(MessageKind.PHONE_CHANGED, to, now, **numbers))
        await self.people.set_profile(account_id, applicant, now, [record], mails)
