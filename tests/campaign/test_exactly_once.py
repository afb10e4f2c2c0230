"""One approval: 64 requests at once, one success. Real processes, both databases."""

from __future__ import annotations

import asyncio

import pytest

from tests.campaign import load
from tests.campaign.conftest import AT_ONCE, Racecourse
from tests.campaign.load import Ledger
from tests.service import digest_of


@pytest.mark.req("SRA_SAP")
def test_one_sad_many_requests(racecourse: Racecourse, rounds: int) -> None:
    """One success each round, and no hash signed twice."""
    ledger = asyncio.run(_rounds(racecourse, rounds))
    load.judge(racecourse.service, ledger)
    racecourse.was_run_by_all("signatures/signHash")
    print(f"\n{rounds} rounds of {AT_ONCE}, one success each, 0 duplicates")


async def _rounds(racecourse: Racecourse, rounds: int) -> Ledger:
    ledger, person = Ledger(), racecourse.people["alice"]
    async with racecourse.client(person) as client:
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
