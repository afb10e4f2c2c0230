"""One code of an authenticator, 64 requests at once: to log in, to sign, and both. One success.

Real processes, both databases. The code is right in every request; what is tried is to use it
twice. Each person has one code, which is good for at least thirty seconds.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import Coroutine
from typing import Any

import pytest

from csc_server.ports.sessions import SessionKey
from policies.audit import EventType
from policies.sessions import Stage
from tests.campaign import load
from tests.campaign.conftest import AT_ONCE, CODES, Racecourse
from tests.csc_server.oauth import store
from tests.csc_server.oauth.driver import Browser
from tests.service import Client, Person, digest_of


@pytest.mark.req("SRA_SAP")
@pytest.mark.parametrize("use", CODES)
def test_one_code_many_requests(racecourse: Racecourse, use: str) -> None:
    """One page or one SAD for it; every other request is a replay, and locks nobody out."""
    ways = ["login", "sign"] if use == "both" else [use]
    people = [one for name, one in racecourse.people.items() if name.startswith(f"{use}-")]
    for person in people:
        statuses = asyncio.run(_race(racecourse, person, ways))
        good = [status for status in statuses if status in (200, 303)]
        assert len(good) == 1, f"{person.username}: {Counter(statuses)}"
        assert set(statuses) - set(good) == {400 if way == "sign" else 422 for way in ways}
        _judge(racecourse, person)
    methods = {"login": "page/login/code", "sign": "credentials/authorize"}
    racecourse.was_run_by_all(*(methods[way] for way in ways))
    print(f"\n{use}: {len(people)} codes, {AT_ONCE} requests each, one success each")


async def _race(racecourse: Racecourse, person: Person, ways: list[str]) -> list[int]:
    """The statuses of all requests."""
    turns = list(itertools.islice(itertools.cycle(ways), AT_ONCE))
    cookies = iter(await _half_logins(racecourse, person, turns.count("login")))
    async with racecourse.client(person) as client:
        code = person.code()
        tries: list[Coroutine[Any, Any, int]] = [
            _sign(client, person, number, code)
            if way == "sign"
            else _log_in(client, next(cookies), code)
            for number, way in enumerate(turns)
        ]
        return await asyncio.gather(*tries)


async def _half_logins(racecourse: Racecourse, person: Person, count: int) -> list[SessionKey]:
    """Browsers in which the password was right and the code is awaited."""
    if not count:
        return []
    async with store.opened(racecourse.service.settings, "test") as opened:
        stage = Stage.CODE_AWAITED
        opening = (store.sign_in(opened, person.account_id, stage) for _ in range(count))
        return await asyncio.gather(*opening)


async def _log_in(client: Client, cookie: SessionKey, code: str) -> int:
    answer = await Browser(client.http, client.base_url, cookie).post("/login/code", code=code)
    return answer.status


async def _sign(client: Client, person: Person, number: int, code: str) -> int:
    digest = digest_of(f"{person.username} {number}")
    reply = await client.authorize(person.credentials["otp-p256"], digest, PIN=None, OTP=code)
    assert reply.status == 200 or reply.body["error"] == "invalid_otp"
    return reply.status


def _judge(racecourse: Racecourse, person: Person) -> None:
    """The audit log says the same: used once, all others replays, no failure and no lock."""
    seen = Counter(
        kind
        for kind, body in load.records(racecourse.service)
        if body["details"].get("account_id") == person.account_id
        or (body["actor"].endswith(person.account_id))
    )
    assert seen[EventType.FACTOR_USED] + seen[EventType.SAD_ISSUED] == 1
    assert seen[EventType.OTP_REPLAY_REJECTED] == AT_ONCE - 1
    assert not seen[EventType.FACTOR_FAILED] + seen[EventType.FACTOR_LOCKED]
