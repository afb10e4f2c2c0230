"""One running service with registered clients; people who are signed in, a program per test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

from csc_server import storage
from csc_server.adapters.clock import SystemClock
from csc_server.adapters.entropy import SystemEntropy
from csc_server.config import Settings
from csc_server.operations.oauth.register import RegisterClients
from csc_server.operations.sessions import BrowserSessions
from csc_server.ports import Call
from csc_server.ports.sessions import SessionKey
from csc_server.storage import Storage
from policies.algorithms import KeyAlgorithm
from policies.sessions import Stage
from policies.values import AccountId
from tests import service
from tests.csc_server.oauth import clients
from tests.csc_server.oauth.driver import Browser, Program
from tests.service import Person, Service, Wanted

PEOPLE: dict[str, dict[str, Wanted]] = {
    "alice": {"pin": Wanted(KeyAlgorithm.P_256), "few": Wanted(KeyAlgorithm.P_256, multisign=1)},
    "mallory": service.PIN_P256,
    "coder": service.OTP_P256,
    "guessing": service.PIN_P256,
}


@dataclass
class World:
    """The service, who is known to it, and the cookies of the signed-in."""

    service: Service
    people: dict[str, Person]
    keys: dict[str, SessionKey]

    @property
    def issuer(self) -> str:
        """Name of the authorization server."""
        return self.service.base_url


def opened(settings: Settings, node: str) -> AbstractAsyncContextManager[Storage]:
    """The instance's store, beside the running service."""
    return storage.open_storage(
        settings.database,
        journal=settings.path(Path(f"audit/head-{node}")),
        checkpoints=settings.path(Path(f"audit/checkpoints-{node}")),
        node=node,
    )


async def sign_in(store: Storage, account_id: str) -> SessionKey:
    """The cookie of a session in which this account is signed in."""
    sessions = BrowserSessions(store.sessions, SystemClock(), SystemEntropy())
    call = Call("127.0.0.1", "test")
    return await sessions.advance(
        None, Stage.SIGNED_IN, AccountId(account_id), call, "test browser", {}
    )


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The running service."""
    settings = service.create_instance(tmp_path_factory.mktemp("oauth") / "instance")

    async def prepare() -> World:
        people = await service.enrol(settings, PEOPLE)
        async with opened(settings, "test") as store:
            register = RegisterClients(store.oauth_clients, SystemClock(), "test")
            for client in clients.everybody(AccountId(people["alice"].account_id)):
                await register.add(client)
            keys = {name: await sign_in(store, one.account_id) for name, one in people.items()}
        return World(Service(settings), people, keys)

    made = asyncio.run(prepare())
    made.service.start()
    yield made
    assert made.service.stop() == 0


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    """Keeps no cookies: each browser brings its own."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield session


@pytest.fixture
def browser(world: World, http: aiohttp.ClientSession) -> Browser:
    """Alice's browser."""
    return Browser(http, world.issuer, world.keys["alice"])


@pytest.fixture
def browser_of(world: World, http: aiohttp.ClientSession) -> Callable[[str], Browser]:
    """Somebody's browser."""
    return lambda name: Browser(http, world.issuer, world.keys[name])


@pytest.fixture
def program(world: World, http: aiohttp.ClientSession) -> Program:
    """The client ``contab``, v2."""
    return Program(http, world.issuer)


@pytest.fixture
def program_of(world: World, http: aiohttp.ClientSession) -> Callable[..., Program]:
    """Some client."""
    return lambda client_id, **more: Program(http, world.issuer, client_id, **more)
