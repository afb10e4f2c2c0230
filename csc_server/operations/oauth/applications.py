"""The programs that a person lets in, for Settings. (ASVS 10.7.3; ui 5.6)"""

from __future__ import annotations

from dataclasses import dataclass

from csc_server.operations.oauth.views import Application
from csc_server.ports.api import Applications
from csc_server.ports.oauth import Clients
from policies.values import AccountId


@dataclass(frozen=True, slots=True)
class ListApplications:
    """The programs that an account lets in."""

    applications: Applications
    clients: Clients

    async def __call__(self, account_id: AccountId) -> list[Application]:
        """Every program whose consent counts, the newest first."""
        shown = []
        for one in await self.applications.of_account(account_id):
            client = await self.clients.find(one.consent.client_id)
            shown.append(
                Application(
                    client_id=one.consent.client_id,
                    name=one.name,
                    host=client.host if client else "",
                    scopes=tuple(sorted(one.consent.scopes)),
                    since=one.consent.given_at,
                )
            )
        return shown
