"""Who is known here? A thousand questions to each endpoint: same status, headers and bytes.

How long the answers took is told, with the difference of the medians and the p of Mann and
Whitney, and judged by whoever reads it: a busy machine is no failure. That the work is the same is
counted in ``tests/csc_server/people/test_equal_work.py``. (security-and-pki 5.4, 7.2 row 14)
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import math
import random
import re
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from statistics import median

import aiohttp
import pytest

from csc_server.ports.sessions import SessionKey
from csc_server.web.pages import guard
from tests import service
from tests.backdoor import Backdoor
from tests.service import Client, Person, Service

PEOPLE = {"known": service.PIN_P256, "mallory": service.PIN_P256}
KNOWN, UNKNOWN = "known@example.com", "ghost@example.com"
WRONG = "wrong password, whoever it is"
Told = tuple[int, str, str]
"""Status, headers and body, without what differs between any two answers."""
Ask = Callable[[bool], Awaitable[Told]]
"""About something that exists, or not."""


@dataclass
class Stage:
    """A running service that believes in addresses behind a proxy, and one connection to it."""

    http: aiohttp.ClientSession
    url: str
    people: dict[str, Person]
    door: Backdoor
    numbers: Iterator[int]

    def address(self) -> dict[str, str]:
        """From another network each time: limits are not what this is about."""
        number = next(self.numbers)
        return {"X-Forwarded-For": f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"}

    async def ask(self, http_method: str, path: str, headers: dict[str, str], data: object) -> Told:
        """One question; what is told."""
        async with self.http.request(
            http_method, self.url + path, headers=headers, data=data, allow_redirects=False
        ) as response:
            body = await response.text()
            kept = {name: value for name, value in response.headers.items() if name != "Date"}
            return response.status, _plain(json.dumps(kept)), _plain(body)

    async def form(self, path: str) -> Callable[[dict[str, str]], Awaitable[Told]]:
        """Sends a page's form again and again from one browser."""
        async with self.http.get(self.url + path) as response:
            key = SessionKey(response.cookies["sid"].value)
        headers = {"Cookie": f"sid={key.value}", "Origin": self.url, "Accept-Language": "en"}

        async def send(fields: dict[str, str]) -> Told:
            data = {guard.FIELD: guard.token(key), **fields}
            return await self.ask("POST", path, headers | self.address(), data)

        return send

    async def bearer(self, name: str) -> dict[str, str]:
        """Somebody's token."""
        client = Client(self.http, self.url)
        await client.log_in(self.people[name])
        return {"Authorization": f"Bearer {client.token}", "Content-Type": "application/json"}


def _plain(text: str) -> str:
    hidden = re.sub(r'nonce[-=]\\?"?[\w-]+|name="csrf" value="[^"]+"|sid=[\w-]+', "X", text)
    return hidden.replace(KNOWN, "ADDRESS").replace(UNKNOWN, "ADDRESS")


async def login_of_the_api(stage: Stage) -> Ask:
    """auth/login with a wrong password."""

    async def ask(exists: bool) -> Told:
        name = "known" if exists else "ghost"
        basic = base64.b64encode(f"{name}:{WRONG}".encode()).decode()
        headers = {"Authorization": f"Basic {basic}", "Content-Type": "application/json"}
        return await stage.ask("POST", "/csc/v1/auth/login", headers | stage.address(), b"{}")

    return ask


async def login_on_a_page(stage: Stage) -> Ask:
    """The same, by mail address."""
    send = await stage.form("/login")
    return lambda exists: send({"email": KNOWN if exists else UNKNOWN, "password": WRONG})


async def forgotten_password(stage: Stage) -> Ask:
    """Also again and again: the mail is sent anew, or not."""
    send = await stage.form("/password")
    return lambda exists: send({"email": KNOWN if exists else UNKNOWN})


async def registration(stage: Stage) -> Ask:
    """Likewise."""
    send = await stage.form("/register")
    rest = {"first_name": "A", "last_name": "B", "phone": "0722000111", "privacy_read": "1"}
    return lambda exists: send({"email": KNOWN if exists else UNKNOWN, **rest})


async def credential_of_another(stage: Stage) -> Ask:
    """credentials/info."""
    headers = await stage.bearer("mallory")
    hers = stage.people["known"].credentials["pin-p256"]

    async def ask(exists: bool) -> Told:
        body = json.dumps({"credentialID": hers if exists else hers[::-1]}).encode()
        return await stage.ask("POST", "/csc/v1/credentials/info", headers, body)

    return ask


async def list_of_another(stage: Stage) -> Ask:
    """credentials/list with ``userID``: only the caller's own is ever told."""
    headers = await stage.bearer("mallory")
    account_id = stage.people["known"].account_id

    async def ask(exists: bool) -> Told:
        body = json.dumps({"userID": account_id if exists else account_id[::-1]}).encode()
        return await stage.ask("POST", "/csc/v1/credentials/list", headers, body)

    return ask


async def order_of_another(stage: Stage) -> Ask:
    """registration/v1/certificate-orders/ID of another portal."""
    order_id = stage.door.order(stage.people["known"].account_id, "client:portal")
    token = stage.door.token("registration", client_id="another-portal")
    headers = {"Authorization": f"Bearer {token}"}

    async def ask(exists: bool) -> Told:
        path = f"/registration/v1/certificate-orders/{order_id if exists else order_id[::-1]}"
        return await stage.ask("GET", path, headers, None)

    return ask


QUESTIONS = (
    login_of_the_api,
    login_on_a_page,
    forgotten_password,
    registration,
    credential_of_another,
    list_of_another,
    order_of_another,
)


@pytest.fixture(scope="module")
def running(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Service, dict[str, Person]]]:
    """A service for nobody else: the loopback address is its proxy."""
    settings = service.create_instance(
        tmp_path_factory.mktemp("oracle") / "instance",
        trusted_proxies=["127.0.0.1/32"],
        **{"limits.failed_logins_of_all_per_minute": 1_000_000},
    )
    people = asyncio.run(service.enrol(settings, PEOPLE))
    Backdoor(settings).profile(people["known"].account_id, "known")
    made = Service(settings)
    made.start()
    yield made, people
    assert made.stop() == 0


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda one: one.__name__)
def test_nobody_learns_who_is_known(
    running: tuple[Service, dict[str, Person]],
    rounds: int,
    question: Callable[[Stage], Awaitable[Ask]],
) -> None:
    """1,000 answers of each kind in `make campaign`, in random order; a few in `make test`."""
    made, people = running
    samples = max(5, rounds * rounds // 40)
    took = asyncio.run(_asked(made, people, question, samples))
    difference_ms = (median(took[True]) - median(took[False])) * 1000
    print(
        f"\n{question.__name__}: {samples} of each, median {median(took[False]) * 1000:.2f} ms,"
        f" difference {difference_ms:+.3f} ms, p {mann_whitney(took[True], took[False]):.3f}"
    )


async def _asked(
    made: Service,
    people: dict[str, Person],
    question: Callable[[Stage], Awaitable[Ask]],
    samples: int,
) -> dict[bool, list[float]]:
    """How long each answer took."""
    door = Backdoor(made.settings)
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
        stage = Stage(http, made.base_url, people, door, itertools.count(random.getrandbits(23)))
        ask = await question(stage)
        first = [await ask(exists) for exists in (True, False)]
        assert first[0] == first[1]
        took: dict[bool, list[float]] = {True: [], False: []}
        turns = [True, False] * samples
        random.shuffle(turns)
        for exists in turns:
            started = time.perf_counter()
            told = await ask(exists)
            took[exists].append(time.perf_counter() - started)
            assert told == first[0]
        return took


def mann_whitney(one: list[float], other: list[float]) -> float:
    """Two-sided p that both come from one distribution, by the normal approximation."""
    ranked = sorted([(value, True) for value in one] + [(value, False) for value in other])
    ranks = sum(rank for rank, (_, mine) in enumerate(ranked, 1) if mine)
    n, m = len(one), len(other)
    u = ranks - n * (n + 1) / 2
    z = (u - n * m / 2) / math.sqrt(n * m * (n + m + 1) / 12)
    return math.erfc(abs(z) / math.sqrt(2))


def test_the_statistic_can_tell() -> None:
    """Half a standard deviation is found among 1,000, and nothing where nothing is."""
    source = random.Random(7)
    same = [[source.gauss(10, 1) for _ in range(1000)] for _ in range(2)]
    assert mann_whitney(*same) > 0.01
    assert mann_whitney(same[0], [value + 0.5 for value in same[1]]) < 0.01
