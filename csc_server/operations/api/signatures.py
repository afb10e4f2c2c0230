"""What the person's keys were used for. (journeys J7.8)"""

from __future__ import annotations

from dataclasses import dataclass

from csc_server.ports import Credentials
from csc_server.ports.api import History, HistoryPage
from policies.history import Place
from policies.values import AccountId


@dataclass(frozen=True, slots=True)
class SignatureHistory:
    """A page of the history."""

    history: History
    credentials: Credentials

    async def __call__(self, account_id: AccountId, after: Place | None, most: int) -> HistoryPage:
        """At most so many entries, the newest approval first."""
        found = await self.history.page(account_id, after, most + 1)
        owned = await self.credentials.of_account(account_id)
        named = {one.credential_id: one for one in owned}
        return HistoryPage(found[:most], named, len(found) > most)
