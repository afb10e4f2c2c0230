"""Clients are registered by operators: one at a time, or all those of a file.

(RFC 6749 2; no dynamic registration)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from csc_server.ports import Clock
from csc_server.ports.oauth import ClientRegister
from policies.audit import Event, EventType, Outcome
from policies.oauth import clients
from policies.oauth.clients import Client
from policies.values import ClientId


@dataclass(frozen=True, slots=True)
class RegisterClients:
    """What operators may do with clients."""

    register: ClientRegister
    clock: Clock
    operator: str

    async def add(self, client: Client) -> None:
        """Afterwards the client is registered.

        Raises:
            ClientRefused: Its registration breaks a rule.
            ClientTaken: The id is in use.
        """
        clients.check(client)
        event = self._event(EventType.CLIENT_ADDED, client.client_id)
        await self.register.add(client, self.clock.now(), [event])

    async def remove(self, client_id: ClientId) -> bool:
        """Afterwards the client is gone with all that it had; False: not there, or of the file."""
        event = self._event(EventType.CLIENT_REMOVED, client_id)
        return await self.register.remove(client_id, self.clock.now(), [event])

    async def load(self, wanted: Sequence[Client]) -> None:
        """Afterwards the clients of the file are exactly these.

        Raises:
            ClientRefused: A registration breaks a rule; nothing was changed.
            ClientTaken: One of them was registered by ``add``.
        """
        for client in wanted:
            clients.check(client)

        def event(client: Client, added: bool) -> Event:
            kind = EventType.CLIENT_ADDED if added else EventType.CLIENT_REMOVED
            return self._event(kind, client.client_id)

        await self.register.load(wanted, self.clock.now(), event)

    def _event(self, kind: EventType, client_id: ClientId) -> Event:
        actor = f"operator:{self.operator}"
        return Event(kind, Outcome.SUCCESS, self.clock.now(), actor, {"client_id": client_id})
