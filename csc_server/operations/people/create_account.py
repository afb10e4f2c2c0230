"""The end of a registration: a password, and there is an account. (journeys J1.2)"""

from __future__ import annotations

from dataclasses import dataclass

from csc_server.operations.people.new_passwords import JudgePassword
from csc_server.operations.people.open_invitation import OpenInvitation
from csc_server.operations.records import event
from csc_server.ports import Account, Call, Clock, Entropy, PasswordHasher
from csc_server.ports.people import People
from policies import errors, registration
from policies.audit import EventType
from policies.secret import LinkToken, Password
from policies.values import AccountId, AccountState


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateAccount:
    """Uses up the invitation."""

    people: People
    open_invitation: OpenInvitation
    judge: JudgePassword
    hasher: PasswordHasher
    clock: Clock
    entropy: Entropy

    async def __call__(
        self, call: Call, link: LinkToken, password: Password, repeated: Password
    ) -> AccountId:
        """The new account; its user name is the mail address in lower case.

        Raises:
            LinkInvalid: The invitation is dead.
            StepMissing: The phone number is not confirmed.
            PasswordRefused, FormInvalid: See ``JudgePassword.demand``.
            NameTaken: The address got an account meanwhile.
        """
        found = await self.open_invitation(link)
        if not found.phone_confirmed:
            raise errors.StepMissing("phone number not confirmed")
        await self.judge.demand(password, repeated, found.applicant, second_factor=False)
        account_id = AccountId(self.entropy.identifier())
        hashed = await self.hasher.hash(account_id, password)
        now = self.clock.now()
        account = Account(
            account_id=account_id,
            username=registration.mail_key(found.applicant.email),
            password_hash=hashed,
            state=AccountState.ACTIVE,
            created_at=now,
        )
        record = event(EventType.ACCOUNT_CREATED, account.account_id, call, now)
        if not await self.people.create_account(link.digest(), account, now, [record]):
            raise errors.LinkInvalid("invitation")
        return account.account_id
