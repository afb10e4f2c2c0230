"""Shut an application out that the person let in. (journeys J1.5)"""

from __future__ import annotations

from dataclasses import dataclass

from csc_server.operations.records import event
from csc_server.ports import Call, Clock
from csc_server.ports.api import Applications
from policies import errors
from policies.audit import EventType
from policies.values import AccountId, ClientId


@dataclass(frozen=True, slots=True)
class WithdrawConsent:
    """Takes a consent back."""

    applications: Applications
    clock: Clock

    async def __call__(self, call: Call, account_id: AccountId, client_id: ClientId) -> None:
        """Afterwards the client's tokens for this account are dead, and it has to ask again.

        Raises:
            GrantUnknown: The account has allowed it nothing.
        """
        now = self.clock.now()
        record = event(EventType.TOKEN_REVOKED, account_id, call, now, client_id=client_id)
        if not await self.applications.withdraw(account_id, client_id, now, [record]):
            raise errors.GrantUnknown("no consent")
