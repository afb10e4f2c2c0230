"""After each change OCSP, file, list, database and API say the same. (7.2 rows 21, 24)

Short in `make test`; with `--rounds 200` ten turns of everybody, with the longest delays told.
"""

from __future__ import annotations

import asyncio
import os
import random
import sqlite3
import time
from collections.abc import Awaitable, Callable
from contextlib import closing

import aiohttp

from tests.csc_server.status.asking import Asker, words
from tests.csc_server.status.conftest import TrustService, certificate_of
from tests.csc_server.status.test_trust_service import fetched, listed, operator
from tests.pki.judges import lint_ocsp
from tests.service import Client

OCSP_WITHIN_S, LIST_WITHIN_S = 5.0, 60.0
PEOPLE = ("dan", "horia")
"""Good before and after."""
TURN = 20
"""Rounds of `--rounds` for one turn with the list, which takes its time to come."""


class Witnesses:
    """Who can be asked about one person's certificate."""

    def __init__(self, asker: Asker, serial: int, client: Client, credential_id: str) -> None:
        self._asker, self._serial = asker, serial
        self._client, self._credential_id = client, credential_id
        self.delays: dict[str, float] = {}

    async def agree(self, good: bool, since: float, *, with_list: bool) -> None:
        """Return when everybody says so; each within its time."""
        asked = {
            "OCSP": (self._answer, OCSP_WITHIN_S),
            "OCSP with nonce": (self._live, OCSP_WITHIN_S),
            "file": (self._file, OCSP_WITHIN_S),
            "API": (self._api, OCSP_WITHIN_S),
            "database": (self._row, OCSP_WITHIN_S),
        }
        if with_list:
            asked["list"] = (self._list, LIST_WITHIN_S)
        await asyncio.gather(
            *(self._until(name, ask, good, since, limit) for name, (ask, limit) in asked.items())
        )

    async def _until(
        self, name: str, ask: Callable[[], Awaitable[bool]], good: bool, since: float, limit: float
    ) -> None:
        while await ask() is not good:
            assert time.monotonic() - since < limit, f"{name} is late"
            await asyncio.sleep(0.1)
        self.delays[name] = max(self.delays.get(name, 0), time.monotonic() - since)

    async def _answer(self) -> bool:
        return words(await self._asker.by_get(self._serial)) == ["good"]

    async def _live(self) -> bool:
        return await self._asker.words(self._serial, nonce=os.urandom(16)) == ["good"]

    async def _file(self) -> bool:
        return words(self._asker.file(self._serial).read_bytes()) == ["good"]

    async def _api(self) -> bool:
        body = {"credentialID": self._credential_id}
        told = await self._client.post("credentials/info", body)
        return bool(told.body["key"]["status"] == "enabled")

    async def _row(self) -> bool:
        query = "SELECT state FROM certificates WHERE serial = ?"
        [[state]] = rows(self._asker.trust, query, f"{self._serial:x}")
        return str(state) == "issued"

    async def _list(self) -> bool:
        content = await fetched(self._asker.trust, self._asker.http, "issuing.crl")
        return self._serial not in listed(content)


def rows(trust: TrustService, query: str, *values: str) -> list[tuple[str]]:
    """Of the instance's database."""
    path = trust.service.settings.database.removeprefix("sqlite:///")
    with closing(sqlite3.connect(path)) as sql:
        found: list[tuple[str]] = sql.execute(query, values).fetchall()
        sql.commit()
    return found


async def test_everybody_says_the_same(
    trust: TrustService, http: aiohttp.ClientSession, rounds: int
) -> None:
    """Suspended and resumed, turn after turn: OCSP, its file, API and database within 5 s, the
    list within 60 s of the command."""
    asker = Asker(trust, http)
    turns = rounds // TURN
    everybody = {}
    for name in PEOPLE if turns else PEOPLE[:1]:
        leaf = await certificate_of(trust, http, name)
        await asker.made_in_advance(leaf.serial_number)
        client = Client(http, trust.service.base_url)
        await client.log_in(trust.people[name])
        [credential_id] = trust.people[name].credentials.values()
        everybody[leaf.serial_number] = Witnesses(asker, leaf.serial_number, client, credential_id)
    for _ in range(max(1, turns)):
        for word, good in (("suspend", False), ("resume", True)):
            waiting: list[asyncio.Task[None]] = []
            for serial, witnesses in everybody.items():
                assert await asyncio.to_thread(operator, trust, word, f"{serial:x}") == 0
                # While the next command starts, this one's witnesses are asked already.
                asking = witnesses.agree(good, time.monotonic(), with_list=turns > 0)
                waiting.append(asyncio.create_task(asking))
            await asyncio.gather(*waiting)
    for name in next(iter(everybody.values())).delays if turns else ():
        longest = max(one.delays[name] for one in everybody.values())
        print(f"{name}: {longest:.2f} s at most in {turns} turns")


async def test_never_good_for_what_was_not_issued(
    trust: TrustService, http: aiohttp.ClientSession, rounds: int
) -> None:
    """Random serials, neighbours of real ones, a deleted line, a line of a backup: 500 a round."""
    asker = Asker(trust, http)
    real = [int(one, 16) for [one] in rows(trust, "SELECT serial FROM certificates")]
    asked = 0
    while asked < 500 * rounds:
        strange = [random.getrandbits(random.choice((8, 64, 127, 128, 159))) for _ in range(48)]
        near = [random.choice(real) + random.choice((-2, -1, 1, 2, 1 << 64)) for _ in range(15)]
        these = [one for one in (*strange, *near) if one not in real]
        nonce = random.choice((None, os.urandom(32)))
        assert set(await asker.words(*these, nonce=nonce)) == {"unknown"}
        assert words(await asker.by_get(these[0])) == ["unknown"]
        asked += len(these) + 1
    if rounds >= TURN:
        print(f"{asked} certificates that were never issued: none is good")


async def test_a_line_that_vanished(trust: TrustService, http: aiohttp.ClientSession) -> None:
    """Deleted, as by an older database: unknown in the next answer, though an answer made in
    advance lies there; good again with the line. What is told passes the linter."""
    asker = Asker(trust, http)
    serial = (await certificate_of(trust, http, "horia")).serial_number
    await asker.made_in_advance(serial)
    answers = [await asker.by_get(serial)]
    assert words(answers[0]) == ["good"]
    rows(trust, "CREATE TABLE away AS SELECT * FROM certificates WHERE serial = ?", f"{serial:x}")
    rows(trust, "DELETE FROM certificates WHERE serial IN (SELECT serial FROM away)")
    for nonce in (None, os.urandom(16)):
        assert await asker.words(serial, nonce=nonce) == ["unknown"]
    answers.append(await asker.by_get(serial))
    assert words(answers[1]) == ["unknown"]
    rows(trust, "INSERT INTO certificates SELECT * FROM away")
    rows(trust, "DROP TABLE away")
    answers.append(await asker.by_get(serial))
    assert words(answers[2]) == ["good"]
    for answer in answers:
        assert lint_ocsp(answer) == []
