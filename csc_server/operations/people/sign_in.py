"""Log in on a page with mail address or user name and password. (journeys J1.3)"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from csc_server.operations.check_password import CheckPassword
from csc_server.operations.login_limits import LoginLimits
from csc_server.operations.people.letters import Letters
from csc_server.operations.records import event
from csc_server.operations.tokens import login_subject
from csc_server.ports import Call, Clock, LoginTry
from csc_server.ports.people import People, Person
from policies import errors, privacy, second_factor
from policies.audit import EventType, Outcome
from policies.second_factor import Deferral, LoginStep, SecondFactor
from policies.secret import Password
from policies.values import NOBODY, AccountId, AccountState

COMMAND_LINE: Final = SecondFactor(deferral=Deferral.NEVER)
"""Accounts without a profile were made by an operator, for whom nobody can be asked."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A right password, and what it is worth."""

    account_id: AccountId
    step: LoginStep
    """``CODE``, ``PAIR``: nobody is logged in yet."""
    mandatory_from: date
    """The day from which the notice has no deferrals."""
    may_defer: bool
    privacy_due: bool
    """The privacy notice has to be read first (J1.6)."""
    proposed_phone: str | None
    """J1.9: ask whether this is to be the number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """The password step of a login."""

    people: People
    check_password: CheckPassword
    limits: LoginLimits
    clock: Clock
    letters: Letters

    async def __call__(self, call: Call, name: str, password: Password) -> SignedIn:
        """Whose password this is, and what comes next.

        An unknown name, a wrong password, a suspended account and one with too many failures
        get the same answer after the same work.

        Raises:
            RateLimited: The address failed too often.
            LoginFailed: No.
            HsmError: Nobody knows.
        """
        now = self.clock.now()
        tried = await self.limits.admit(call, name, now)
        person = await self.people.by_name(name)
        account = person.account if person else None
        matches = await self.check_password(call, account, password, now)
        if person is None or not matches or person.account.state is not AccountState.ACTIVE:
            await self._failed(call, person, tried, now)
            raise errors.LoginFailed(person.account.account_id if person else "unknown account")
        return await self._right(call, person, tried, now)

    async def _failed(
        self, call: Call, person: Person | None, tried: LoginTry, now: datetime
    ) -> None:
        """Count it; a name that nobody has costs the same statements as one that exists."""
        account_id = person.account.account_id if person else NOBODY
        record = event(EventType.LOGIN, account_id, call, now, Outcome.FAILURE)
        stop = self.letters.stop(person.profile, now) if person else None
        subject = login_subject(account_id, call.source)
        await self.people.password_wrong(subject, now, [record], stop, tried)

    async def _right(self, call: Call, person: Person, tried: LoginTry, now: datetime) -> SignedIn:
        account_id = person.account.account_id
        answer = signed_in(person, self.letters, now)
        record = event(EventType.LOGIN, account_id, call, now, step=answer.step)
        subject = login_subject(account_id, call.source)
        stop = self.letters.stop(person.profile, now)
        if not await self.people.password_right(subject, now, [record], stop, tried):
            raise errors.LoginFailed("too many failures")
        return answer


def signed_in(person: Person, letters: Letters, now: datetime) -> SignedIn:
    """What a right password is worth at ``now``."""
    rules, profile = letters.rules, person.profile
    second = profile.second_factor if profile else COMMAND_LINE
    return SignedIn(
        account_id=person.account.account_id,
        step=second_factor.after_password(second, person.pairing, rules.mandatory_from, now),
        mandatory_from=rules.mandatory_from,
        may_defer=not second_factor.mandatory(now, rules.mandatory_from),
        privacy_due=profile is not None and privacy.to_show(profile.privacy, rules.privacy_version),
        proposed_phone=profile.proposed_phone if profile else None,
    )
