"""The owner lifts the hard stop: mailed link and password. (security-and-pki 5.1)"""

from __future__ import annotations

from dataclasses import dataclass

from csc_server.operations.check_password import CheckPassword
from csc_server.operations.login_limits import LoginLimits
from csc_server.operations.people.password import by_link
from csc_server.operations.records import event
from csc_server.ports import Call, Clock
from csc_server.ports.people import People
from policies import errors
from policies.audit import EventType, Outcome
from policies.links import LinkPurpose
from policies.secret import LinkToken, Password
from policies.values import AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlock:
    """Proves mailbox and password together; either alone lifts nothing."""

    people: People
    check_password: CheckPassword
    limits: LoginLimits
    clock: Clock

    async def __call__(self, call: Call, link: LinkToken, password: Password) -> None:
        """Afterwards login, codes and PINs of the account may be tried again; the link is used.

        Raises:
            RateLimited: The network address failed too often.
            LinkInvalid: The link is dead.
            PasswordWrong: Not the account's password, or too many guesses at this link.
        """
        now = self.clock.now()
        tried = await self.limits.admit(call, link.digest().hex(), now)
        person = await by_link(self.people, LinkPurpose.UNLOCK, link, now)
        account = person.account
        subject = _subject(account.account_id)
        if not await self.check_password(call, account, password, now):
            record = event(EventType.LOGIN, account.account_id, call, now, Outcome.FAILURE)
            await self.people.password_wrong(subject, now, [record], None, tried)
            raise errors.PasswordWrong(account.account_id)
        if not await self.people.password_right(subject, now, [], tried=tried):
            raise errors.PasswordWrong("too many failures")
        record = event(EventType.FACTOR_UNLOCKED, account.account_id, call, now)
        if not await self.people.unlock(link.digest(), account.account_id, now, [record]):
            raise errors.LinkInvalid("used meanwhile")


def _subject(account_id: AccountId) -> str:
    """Guesses at the link are counted apart from those at the login, which is stopped."""
    return f"login:{account_id}|unlock"
