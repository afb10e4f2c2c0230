"""Another phone number: code by mail, then code by SMS to the new number. (journeys J5)"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from csc_server.operations.people.letters import Addressee, CodeSent, Letters
from csc_server.operations.people.records import active, demand, profile_of
from csc_server.operations.people.sending import send_code
from csc_server.operations.records import event
from csc_server.ports import Call, Clock
from csc_server.ports.messages import NewMessage
from csc_server.ports.people import Guess, People, Profile
from policies import codes, errors, masks, registration
from policies.audit import EventType, Outcome
from policies.codes import CodeKey, CodePurpose
from policies.messages import MessageKind
from policies.registration import Problem
from policies.secret import Code
from policies.values import AccountId


@dataclass(frozen=True, slots=True)
class SendEmailCode:
    """Step 1: the page opens."""

    people: People
    clock: Clock
    letters: Letters

    async def __call__(self, call: Call, account_id: AccountId) -> CodeSent:
        """A mail goes out, unless the one before is less than 30 minutes old.

        Raises:
            StepMissing: The account has no mail address.
        """
        profile = profile_of(active(await self.people.find(account_id)))
        return await send(self.people, self.letters, call, profile, email_key(profile), self.clock)


@dataclass(frozen=True, slots=True)
class ConfirmEmail:
    """Step 1: the code of the mail, typed in."""

    people: People
    clock: Clock

    async def __call__(self, call: Call, account_id: AccountId, code: Code) -> None:
        """Afterwards a new number may be given, for ``codes.EMAIL_PROOF``.

        Raises:
            CodeWrong, CodeExpired: See ``policies.codes.demand``.
        """
        profile = profile_of(active(await self.people.find(account_id)))
        now = self.clock.now()
        demand(await self.people.redeem(_guess(email_key(profile), code, call, profile, now), now))


@dataclass(frozen=True, slots=True)
class SendNewPhoneCode:
    """Step 2: the new number."""

    people: People
    clock: Clock
    letters: Letters

    async def __call__(
        self, call: Call, account_id: AccountId, phone: str, prefix: str = ""
    ) -> tuple[str, CodeSent]:
        """An SMS to the new number, unless the one before is less than 30 minutes old.

        Returns:
            The number in E.164, to be handed to ``ConfirmNewPhone``; and what the page tells.

        Raises:
            FormInvalid: Field ``phone``, also when it is the present number.
            StepMissing: The mail address is not confirmed (any more).
            RateLimited, SmsBudgetSpent: See ``send_code``.
        """
        number = registration.checked_phone(phone, self.letters.rules.prefixes, prefix)
        profile = profile_of(active(await self.people.find(account_id)))
        if number == profile.phone:
            raise errors.FormInvalid({"phone": Problem.SAME})
        await mail_confirmed(self.people, profile, self.clock.now())
        key = phone_key(profile, number)
        return number, await send(self.people, self.letters, call, profile, key, self.clock)


@dataclass(frozen=True, slots=True)
class ConfirmNewPhone:
    """Step 2: the code of the SMS, typed in."""

    people: People
    clock: Clock
    letters: Letters

    async def __call__(self, call: Call, account_id: AccountId, phone: str, code: Code) -> None:
        """Afterwards this is the number; every session and grant of the account has ended.

        Args:
            phone: What ``SendNewPhoneCode`` returned; the code is bound to it.

        Raises:
            StepMissing: The mail address is not confirmed (any more).
            CodeWrong, CodeExpired: See ``policies.codes.demand``.
        """
        profile = profile_of(active(await self.people.find(account_id)))
        now = self.clock.now()
        await mail_confirmed(self.people, profile, now)
        guess = _guess(phone_key(profile, phone), code, call, profile, now)
        mail = told(self.letters, profile, phone, now)
        demand(await self.people.change_phone(account_id, guess, [mail], now))


async def send(
    people: People, letters: Letters, call: Call, profile: Profile, key: CodeKey, clock: Clock
) -> CodeSent:
    """Send a code of this key, unless the one before is too young."""
    now = clock.now()
    new = letters.code(key, now)
    record = event(EventType.CODE_SENT, profile.account_id, call, now, purpose=key.purpose)
    return await send_code(people, letters, Addressee.of(profile), new, record)


async def mail_confirmed(people: People, profile: Profile, now: datetime) -> None:
    """Return while the confirmation of the mail address counts.

    Raises:
        StepMissing: It was never given, or too long ago.
    """
    at = await people.redeemed_at(email_key(profile))
    if at is None or now >= at + codes.EMAIL_PROOF:
        raise errors.StepMissing("mail address not confirmed")


def told(letters: Letters, profile: Profile, phone: str, now: datetime) -> NewMessage:
    """The mail that tells of the change, both numbers partly masked."""
    numbers = {"old_phone": masks.phone(profile.phone), "new_phone": masks.phone(phone)}
    return letters.notice(MessageKind.PHONE_CHANGED, Addressee.of(profile), now, **numbers)


def email_key(profile: Profile) -> CodeKey:
    """What codes for the mail address are bound to."""
    return CodeKey(CodePurpose.EMAIL, profile.account_id, profile.email)


def phone_key(profile: Profile, phone: str) -> CodeKey:
    """What codes for a new number are bound to."""
    return CodeKey(CodePurpose.NEW_PHONE, profile.account_id, phone)


def _guess(key: CodeKey, code: Code, call: Call, profile: Profile, now: datetime) -> Guess:
    owner = profile.account_id
    kind = EventType.PHONE_CHANGED if key.purpose is CodePurpose.NEW_PHONE else None
    right = event(kind or EventType.CODE_ACCEPTED, owner, call, now, purpose=key.purpose)
    wrong = event(EventType.CODE_FAILED, owner, call, now, Outcome.FAILURE, purpose=key.purpose)
    return Guess(key, code, [right], [wrong])
