"""Is this the account's password? Asked by every verb that is told one. (security-and-pki 5.2)"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from csc_server.operations.records import event
from csc_server.ports import Account, Accounts, Call, PasswordHasher
from policies.audit import EventType
from policies.secret import Password


@dataclass(frozen=True, slots=True)
class CheckPassword:
    """Counts nothing: what a wrong password means is its caller's business."""

    accounts: Accounts
    hasher: PasswordHasher

    async def __call__(
        self, call: Call, account: Account | None, password: Password, now: datetime
    ) -> bool:
        """True for the password of the account; no account takes the same work.

        What is kept of a right one is renewed where it was made with an older key.

        Raises:
            HsmError: Nobody knows.
        """
        match = await self.hasher.verify(account, password)
        if account is not None and match.renewed is not None:
            record = event(EventType.PASSWORD_RENEWED, account.account_id, call, now)
            await self.accounts.renew_password(account, match.renewed, [record])
        return match.right
