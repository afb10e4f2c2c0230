"""The phone number of a new account: send a code, change the number, confirm it. (journeys J1.2)"""

from __future__ import annotations

from dataclasses import dataclass

from csc_server.operations.people.letters import Addressee, CodeSent, Letters
from csc_server.operations.people.open_invitation import OpenInvitation
from csc_server.operations.people.records import applicant_event, demand
from csc_server.operations.people.sending import send_code
from csc_server.ports import Call, Clock
from csc_server.ports.people import Guess, People, Registration
from policies import errors, registration
from policies.audit import EventType, Outcome
from policies.codes import CodeKey, CodePurpose
from policies.secret import Code, LinkToken


@dataclass(frozen=True, slots=True, kw_only=True)
class SendPhoneCode:
    """*Validate phone number*, and *Change phone number*: the number typed here is the one."""

    people: People
    open_invitation: OpenInvitation
    clock: Clock
    letters: Letters

    async def __call__(self, call: Call, link: LinkToken, phone: str, prefix: str = "") -> CodeSent:
        """An SMS goes out, unless the one before to this number is less than 30 minutes old.

        Args:
            phone: In international spelling, or national beside ``prefix``.

        Raises:
            FormInvalid: Field ``phone``.
            LinkInvalid: The invitation is dead.
            RateLimited, SmsBudgetSpent: See ``send_code``; nothing changed.
        """
        number = registration.checked_phone(phone, self.letters.rules.prefixes, prefix)
        found = await self.open_invitation(link)
        now = self.clock.now()
        new = self.letters.code(key_of(found, number), now)
        record = applicant_event(EventType.CODE_SENT, found.registration_id, call, now)
        to = Addressee.of_registration(found)
        told = await send_code(self.people, self.letters, to, new, record)
        # After the SMS: where none may go out, the number that was confirmed before stays.
        if number != found.applicant.phone:
            record = applicant_event(EventType.PHONE_CHANGED, found.registration_id, call, now)
            if not await self.people.set_registration_phone(link.digest(), number, now, [record]):
                raise errors.LinkInvalid("invitation")
        return told


@dataclass(frozen=True, slots=True)
class ConfirmPhone:
    """The code of the SMS, typed in."""

    people: People
    open_invitation: OpenInvitation
    clock: Clock

    async def __call__(self, call: Call, link: LinkToken, code: Code) -> None:
        """Afterwards the registration's number is confirmed.

        Raises:
            LinkInvalid: The invitation is dead.
            CodeWrong, CodeExpired: See ``policies.codes.demand``.
        """
        found = await self.open_invitation(link)
        now, owner = self.clock.now(), found.registration_id
        guess = Guess(
            key_of(found, found.applicant.phone),
            code,
            [applicant_event(EventType.CODE_ACCEPTED, owner, call, now)],
            [applicant_event(EventType.CODE_FAILED, owner, call, now, Outcome.FAILURE)],
        )
        demand(await self.people.confirm_registration_phone(owner, guess, now))


def key_of(found: Registration, phone: str) -> CodeKey:
    """What the codes of a registration are bound to."""
    return CodeKey(CodePurpose.REGISTRATION, found.registration_id, phone)
