"""Change a password that is known, replace one that was forgotten. (journeys J4.1, J4.2)"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from csc_server.operations.check_password import CheckPassword
from csc_server.operations.people.letters import Addressee, CodeSent, Letters
from csc_server.operations.people.new_passwords import JudgePassword
from csc_server.operations.people.records import active, applicant_event, demand, profile_of
from csc_server.operations.people.sending import send_code
from csc_server.operations.records import event
from csc_server.operations.tokens import login_subject
from csc_server.ports import Call, Clock, PasswordHasher
from csc_server.ports.messages import NewMessage
from csc_server.ports.people import Guess, NewPassword, People, Person, Profile
from policies import errors
from policies.audit import EventType, Outcome
from policies.codes import CodeKey, CodePurpose
from policies.links import LinkPurpose
from policies.messages import Language, MessageKind
from policies.passwords import Weakness
from policies.registration import MAIL_CHARACTERS
from policies.second_factor import PairingState
from policies.secret import Code, LinkToken, Password
from policies.values import AccountId, AccountState


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePassword:
    """Settings, with the present password."""

    people: People
    judge: JudgePassword
    check_password: CheckPassword
    hasher: PasswordHasher
    clock: Clock
    letters: Letters

    async def __call__(
        self,
        call: Call,
        account_id: AccountId,
        current: Password,
        new: Password,
        repeated: Password,
        *,
        keep_session: bytes | None,
    ) -> None:
        """Afterwards the password is set; all other sessions and all grants have ended.

        Raises:
            PasswordWrong: ``current`` is not it, or too many guesses were made at it.
            PasswordRefused, FormInvalid: See ``JudgePassword.demand``.
        """
        person = active(await self.people.find(account_id))
        now = self.clock.now()
        subject = login_subject(account_id, call.source)
        if not await self.check_password(call, person.account, current, now):
            record = event(EventType.LOGIN, account_id, call, now, Outcome.FAILURE)
            stop = self.letters.stop(person.profile, now)
            await self.people.password_wrong(subject, now, [record], stop)
            raise errors.PasswordWrong(account_id)
        if not await self.people.password_right(subject, now, []):
            raise errors.PasswordWrong("too many failures")
        await self.judge.demand(new, repeated, person.profile, second_factor=_bound(person))
        if new == current:
            raise errors.PasswordRefused(Weakness.SAME)
        hashed = await self.hasher.hash(account_id, new)
        messages = [changed(self.letters, person.profile, now)] if person.profile else []
        change = NewPassword(account_id, hashed, keep_session, messages)
        record = event(EventType.PASSWORD_CHANGED, account_id, call, now)
        await self.people.change_password(change, now, [record])


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgottenPassword:
    """The form behind *Forgot password?*."""

    people: People
    clock: Clock
    letters: Letters

    async def __call__(self, call: Call, email: str) -> None:
        """Afterwards a mail is on its way if somebody has this address; nothing tells whether.

        For an address without an account the same statements write a message whose time is over
        before it is written, so that it is never sent.
        """
        person = await self.people.by_name(email)
        now = self.clock.now()
        letters, purpose, kind = self.letters, LinkPurpose.PASSWORD, MessageKind.PASSWORD_LINK
        known = person.profile if person else None
        if person is None or known is None or person.account.state is not AccountState.ACTIVE:
            link = letters.link(purpose, UNKNOWN, email[:MAIL_CHARACTERS], now)
            mail = letters.link_mail(kind, Addressee("", "", "", Language.EN, None), link)
            mail = replace(mail, expires_at=now)
            record = applicant_event(EventType.LINK_SENT, UNKNOWN, call, now, Outcome.FAILURE)
        else:
            link = letters.link(purpose, known.account_id, known.email, now)
            mail = letters.link_mail(kind, Addressee.of(known), link)
            record = event(EventType.LINK_SENT, known.account_id, call, now, purpose=purpose)
        await self.people.open_link(link, mail, [record])


@dataclass(frozen=True, slots=True, kw_only=True)
class SendPasswordCode:
    """*Send code* on the page behind the link."""

    people: People
    clock: Clock
    letters: Letters

    async def __call__(self, call: Call, link: LinkToken) -> CodeSent:
        """An SMS goes out, unless the one before is less than 30 minutes old.

        Raises:
            LinkInvalid: The link is dead.
            RateLimited, SmsBudgetSpent: See ``send_code``.
        """
        now = self.clock.now()
        profile = profile_of(await by_link(self.people, LinkPurpose.PASSWORD, link, now))
        new = self.letters.code(key_of(profile), now)
        record = event(EventType.CODE_SENT, profile.account_id, call, now, purpose=new.key.purpose)
        return await send_code(self.people, self.letters, Addressee.of(profile), new, record)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetNewPassword:
    """Link, SMS code and the new password, in one step."""

    people: People
    judge: JudgePassword
    hasher: PasswordHasher
    clock: Clock
    letters: Letters

    async def __call__(
        self, call: Call, link: LinkToken, code: Code, new: Password, repeated: Password
    ) -> None:
        """Afterwards the password is set, the login's locks are lifted, all sessions have ended.

        Link and code are used up together with the change. A password that is refused uses up
        neither.

        Raises:
            LinkInvalid: The link is dead.
            PasswordRefused, FormInvalid: See ``JudgePassword.demand``.
            CodeWrong, CodeExpired: See ``policies.codes.demand``.
        """
        person = await by_link(self.people, LinkPurpose.PASSWORD, link, self.clock.now())
        profile = profile_of(person)
        await self.judge.demand(new, repeated, profile, second_factor=_bound(person))
        account_id = profile.account_id
        hashed, now = await self.hasher.hash(account_id, new), self.clock.now()
        guess = Guess(
            key_of(profile),
            code,
            [event(EventType.PASSWORD_CHANGED, account_id, call, now, by="link")],
            [event(EventType.CODE_FAILED, account_id, call, now, Outcome.FAILURE)],
        )
        mail = changed(self.letters, profile, now)
        change = NewPassword(account_id, hashed, None, [mail])
        judged = await self.people.set_new_password(link.digest(), guess, change, now)
        if judged is None:
            raise errors.LinkInvalid("used meanwhile")
        demand(judged)


UNKNOWN: Final = "unknown"
"""Subject of a link that nobody gets; never an identifier."""


async def by_link(people: People, purpose: LinkPurpose, link: LinkToken, now: datetime) -> Person:
    """The person that a living link is about.

    Raises:
        LinkInvalid: The link is dead, or the account is suspended.
    """
    subject = await people.link_subject(purpose, link.digest(), now)
    if subject is None:
        raise errors.LinkInvalid(purpose)
    return active(await people.find(AccountId(subject)))


def key_of(profile: Profile) -> CodeKey:
    """What the codes for a forgotten password are bound to."""
    return CodeKey(CodePurpose.PASSWORD, profile.account_id, profile.phone)


def changed(letters: Letters, profile: Profile, now: datetime) -> NewMessage:
    """The mail that tells the owner."""
    return letters.notice(MessageKind.PASSWORD_CHANGED, Addressee.of(profile), now)


def _bound(person: Person) -> bool:
    return person.pairing is PairingState.ACTIVE
