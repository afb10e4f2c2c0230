"""An instance's store from outside the service: clients registered, people signed in."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from csc_server import storage
from csc_server.adapters.clock import SystemClock
from csc_server.adapters.entropy import SystemEntropy
from csc_server.config import Settings
from csc_server.operations.oauth.register import RegisterClients
from csc_server.operations.sessions import BrowserSessions
from csc_server.ports import Call
from csc_server.ports.sessions import SessionKey
from csc_server.storage import Storage
from policies.oauth.clients import Client
from policies.sessions import Stage
from policies.values import AccountId


def opened(settings: Settings, node: str) -> AbstractAsyncContextManager[Storage]:
    """The instance's store, beside the running service."""
    return storage.open_storage(
        settings.database,
        journal=settings.path(Path(f"audit/head-{node}")),
        checkpoints=settings.path(Path(f"audit/checkpoints-{node}")),
        node=node,
    )


async def register(store: Storage, known: Iterable[Client]) -> None:
    """Afterwards these clients are registered."""
    registering = RegisterClients(store.oauth_clients, SystemClock(), "test")
    for client in known:
        await registering.add(client)


async def sign_in(store: Storage, account_id: str, stage: Stage = Stage.SIGNED_IN) -> SessionKey:
    """The cookie of a session in which this account is signed in, or half so."""
    sessions = BrowserSessions(store.sessions, SystemClock(), SystemEntropy())
    call = Call("127.0.0.1", "test")
    return await sessions.advance(None, stage, AccountId(account_id), call, "test browser", {})
