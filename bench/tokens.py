"""The token endpoint: codes, refresh tokens and clients become tokens. No password is hashed.

Clients and the browser's session are put into the store before the service starts; codes come
from `oauth2/authorize` as a browser gets them, for a client that needs no consent.
"""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from typing import Any, Final
from urllib.parse import urlencode

import aiohttp

from bench import load
from bench.load import Connection, Result
from bench.report import Row
from csc_server.config import Settings
from csc_server.ports.sessions import SessionKey
from policies.oauth.clients import GrantType
from policies.tokens import Scope
from tests.csc_server.oauth import clients, driver, store
from tests.csc_server.oauth.driver import Browser, Program
from tests.service import Person

CONCURRENCY: Final = 16
WANTED: Final = 400
"""Tokens per second that are asked for, of each kind."""
_CODES: Final = 250
"""Codes for one measurement: they are good for a minute, and once."""
_FORM: Final = "application/x-www-form-urlencoded"
_OWN: Final = clients.client(
    "portal",
    grant_types=frozenset({GrantType.CLIENT_CREDENTIALS}),
    redirect_uris=(),
    scopes=frozenset({Scope.REGISTRATION}),
)
_HOUSE: Final = clients.client("house", require_consent=False)


async def prepare(settings: Settings, person: Person) -> SessionKey:
    """Register the clients and sign the person in; the browser's cookie."""
    async with store.opened(settings, "bench") as opened:
        await store.register(opened, [_OWN, _HOUSE])
        return await store.sign_in(opened, person.account_id)


async def rows(base_url: str, cookie: SessionKey, *, seconds: float, repeats: int) -> list[Row]:
    """One row for each grant type."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
        browser, program = Browser(http, base_url, cookie), Program(http, base_url, "house")
        kinds: dict[str, Callable[[], Awaitable[Result]]] = {
            "client_credentials": functools.partial(_own, base_url, seconds),
            "authorization_code": functools.partial(_codes, browser, program),
            "refresh_token": functools.partial(_refresh, browser, program, seconds),
        }
        return [await _row(kind, measure, repeats) for kind, measure in kinds.items()]


async def _row(kind: str, measure: Callable[[], Awaitable[Result]], repeats: int) -> Row:
    results = sorted([await measure() for _ in range(repeats)], key=lambda one: one.per_s)
    chosen = results[len(results) // 2]
    what = f"oauth2/token: {kind}, {CONCURRENCY} at once"
    ratio = chosen.per_s / WANTED
    return Row(what, chosen.per_s, f"{WANTED} a second", ratio, "1.00", chosen)


async def _own(base_url: str, seconds: float) -> Result:
    async def step(connection: Connection) -> None:
        await _ask(connection, base_url, _OWN.client_id, grant_type="client_credentials")

    return await load.drive(base_url, step, concurrency=CONCURRENCY, seconds=seconds)


async def _codes(browser: Browser, program: Program) -> Result:
    """Codes are fetched beforehand; what is measured is their exchange."""
    codes = [await program.code(browser) for _ in range(_CODES)]
    steps = [functools.partial(_redeem, base_url=program.base_url, code=code) for code in codes]
    return await load.each(program.base_url, steps, concurrency=CONCURRENCY)


async def _redeem(connection: Connection, base_url: str, code: str) -> None:
    await _ask(
        connection,
        base_url,
        _HOUSE.client_id,
        grant_type="authorization_code",
        code=code,
        redirect_uri=clients.CALLBACK,
        code_verifier=driver.VERIFIER,
    )


async def _refresh(browser: Browser, program: Program, seconds: float) -> Result:
    """Each refresh token is exchanged for the next one."""
    held = [(await program.tokens(browser))["refresh_token"] for _ in range(CONCURRENCY)]

    async def step(connection: Connection) -> None:
        token = held.pop()
        answer = await _ask(
            connection,
            program.base_url,
            _HOUSE.client_id,
            grant_type="refresh_token",
            refresh_token=token,
        )
        held.append(answer["refresh_token"])

    return await load.drive(program.base_url, step, concurrency=CONCURRENCY, seconds=seconds)


async def _ask(
    connection: Connection, base_url: str, client_id: str, **form: str
) -> dict[str, Any]:
    authorization = driver.basic(client_id, clients.SECRET)["Authorization"]
    head = load.head(base_url, "v2/oauth2/token", authorization, _FORM)
    return await load.good(connection, head, urlencode(form).encode())
