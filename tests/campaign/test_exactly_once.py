"""One approval, one code: 64 requests at once, one success. Real processes, both databases."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import aiohttp
import pytest

from csc_server.commands import audit
from csc_server.config import Settings
from tests import postgres, service
from tests.campaign import load
from tests.campaign.load import Ledger
from tests.service import Client, Service, digest_of

AT_ONCE = 64


@pytest.mark.req("SRA_SAP")
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_one_sad_many_requests(tmp_path: Path, rounds: int, database: str) -> None:
    """SQLite with one web process, PostgreSQL with two: one success each round."""
    settings = _settings(tmp_path, database)
    wanted = {"alice": service.PIN_P256, "bob": service.OTP_P256}
    people = asyncio.run(service.enrol(settings, wanted))
    running = Service(settings)
    running.start()
    try:
        ledger = asyncio.run(_rounds(running, people["alice"], rounds))
        asyncio.run(_one_code(running, people["bob"]))
    finally:
        assert running.stop() == 0
    load.judge(running, ledger)
    assert asyncio.run(audit.verify_log(settings)).finding is None
    if database == "postgresql":
        assert _nodes_that_signed(running) == {"web-0", "web-1"}
    print(f"\n{database}: {rounds} rounds of {AT_ONCE}, one success each, 0 duplicates")


def _settings(directory: Path, database: str) -> Settings:
    if database == "sqlite":
        return service.create_instance(directory / "instance")
    url = postgres.shared().create_database()
    return service.create_instance(directory / "instance", workers=2, database_url=url)


async def _rounds(running: Service, person: service.Person, rounds: int) -> Ledger:
    ledger = Ledger()
    connector = aiohttp.TCPConnector(limit=AT_ONCE)
    async with aiohttp.ClientSession(connector=connector) as http:
        client = Client(http, running.base_url)
        await client.log_in(person)
        credential = person.credentials["pin-p256"]
        for number in range(rounds):
            digest = digest_of(f"round {number}")
            sad = (await client.authorize(credential, digest)).body["SAD"]
            tries = [client.sign_hash(credential, sad, digest) for _ in range(AT_ONCE)]
            replies = await asyncio.gather(*tries)
            good = [reply for reply in replies if reply.status == 200]
            assert len(good) == 1, f"round {number}: {len(good)} successes"
            assert {reply.status for reply in replies} == {200, 400}
            ledger.signatures[digest.hex()] += good[0].body["signatures"]
    return ledger


async def _one_code(running: Service, person: service.Person) -> None:
    """One code of the authenticator, 64 requests at once: one SAD, and nobody is locked out."""
    connector = aiohttp.TCPConnector(limit=AT_ONCE)
    async with aiohttp.ClientSession(connector=connector) as http:
        client = Client(http, running.base_url)
        await client.log_in(person)
        credential, code = person.credentials["otp-p256"], person.code()
        tries = [
            client.authorize(credential, digest_of(f"try {number}"), PIN=None, OTP=code)
            for number in range(AT_ONCE)
        ]
        replies = await asyncio.gather(*tries)
    assert [reply.status for reply in replies].count(200) == 1
    refused = {reply.body["error"] for reply in replies if reply.status != 200}
    assert refused == {"invalid_otp"}


def _nodes_that_signed(running: Service) -> set[str]:
    events = [json.loads(line) for line in running.log.read_text().splitlines()]
    return {one["node"] for one in events if one.get("method") == "signatures/signHash"}
