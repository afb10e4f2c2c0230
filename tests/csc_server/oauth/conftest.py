"""One running service with registered clients; people who are signed in, a program per test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass

import aiohttp
import playwright.async_api
import pytest
import pytest_asyncio

from csc_server.config import Settings
from csc_server.ports.sessions import SessionKey
from policies.algorithms import KeyAlgorithm
from policies.values import AccountId
from tests import service, tsa
from tests.backdoor import Backdoor
from tests.csc_server.oauth import chromium, clients
from tests.csc_server.oauth.chromium import Sites, Window
from tests.csc_server.oauth.driver import Browser, Program
from tests.csc_server.oauth.store import opened, register, sign_in
from tests.service import Person, Service, Wanted

_PIN_AND_CODE = {"both": Wanted(KeyAlgorithm.P_256, otp=True)}
ASKED = 13

PEOPLE: dict[str, dict[str, Wanted]] = {
    "alice": {"pin": Wanted(KeyAlgorithm.P_256), "few": Wanted(KeyAlgorithm.P_256, multisign=1)},
    "mallory": service.PIN_P256,
    "coder": service.OTP_P256,
    "guessing": service.PIN_P256,
    # Whose things others ask for.
    "victoria": {"pin": Wanted(KeyAlgorithm.P_256), "both": Wanted(KeyAlgorithm.P_256, otp=True)},
    # Each has one code in half a minute: whole flows do not share people.
    **dict.fromkeys(("olga", "petra", "radu", "sanda"), _PIN_AND_CODE),
    # Who can be asked to approve on our page: few requests wait for one, so tests do not share.
    **{
        f"asked-{number}": {
            "pin": Wanted(KeyAlgorithm.P_256, multisign=2),
            "both": Wanted(KeyAlgorithm.P_256, otp=True),
        }
        for number in range(ASKED)
    },
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


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The running service."""
    directory = tmp_path_factory.mktemp("oauth") / "instance"
    with tsa.running() as (_, url):
        yield from _served(service.create_instance(directory, **{"timestamp.url": url}))


def _served(settings: Settings) -> Iterator[World]:
    async def prepare() -> World:
        people = await service.enrol(settings, PEOPLE)
        async with opened(settings, "test") as store:
            await register(store, clients.everybody(AccountId(people["alice"].account_id)))
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


@pytest.fixture(scope="session")
def backdoor(world: World) -> Backdoor:
    """The service's database."""
    return Backdoor(world.service.settings)


@pytest.fixture
def credential(world: World) -> str:
    """Alice's credential that asks for a PIN."""
    return world.people["alice"].credentials["pin"]


@pytest.fixture
def program(world: World, http: aiohttp.ClientSession) -> Program:
    """The client ``contab``, v2."""
    return Program(http, world.issuer)


@pytest.fixture
def program_of(world: World, http: aiohttp.ClientSession) -> Callable[..., Program]:
    """Some client."""
    return lambda client_id, **more: Program(http, world.issuer, client_id, **more)


# The fixtures of whole flows: their tests run on one loop for each module.


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sites(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Sites]:
    """The programs' own sites."""
    async with chromium.sites(tmp_path_factory.mktemp("sites")) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def real_browser(world: World, sites: Sites) -> AsyncIterator[playwright.async_api.Browser]:
    """Chromium."""
    async with chromium.chromium(sites.https_port) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def window(
    world: World, sites: Sites, real_browser: playwright.async_api.Browser
) -> AsyncIterator[Window]:
    """A browser without memory."""
    sites.visits.clear()
    sites.onward = None
    made = await chromium.window(real_browser, world.issuer, sites)
    yield made
    await made.page.context.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def wire() -> AsyncIterator[aiohttp.ClientSession]:
    """What the programs call with."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield session
