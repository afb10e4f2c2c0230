"""Revoke while somebody signs: no signature is begun after the commit of the revocation.

Real processes, both databases: web processes sign, another process revokes. The audit chain is the
judge, because its records are numbered in the order of the commits. (security-and-pki 1.5, 7.2 row
8: 10,000 interleavings; fewer in ``make test``)
"""

from __future__ import annotations

import asyncio
import random
import uuid
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from csc_server.commands import common
from csc_server.commands.common import Administration
from csc_server.operations.certificates.ending import Actor, EndCertificate
from csc_server.ports import StorageUnavailable
from hsm import records
from pki.ports import Reservation, Serial
from policies import errors
from policies.algorithms import KeyAlgorithm
from policies.audit import EventType
from policies.revocation import Reason
from policies.secret import Pin
from policies.values import AccountId, Credential, CredentialId
from tests.campaign import load
from tests.campaign.conftest import Racecourse
from tests.service import PIN, Client, digest_of

PER_ROUND = 50
SHORT = 60
"""Schedules in ``make test``; the long form has 10,000 with 200 rounds."""
AT_ONCE = 8
"""Schedules that run beside each other, each with a credential of its own."""
LONGEST_WAIT_S = 0.01
"""Some part of a call: what comes next may happen anywhere in it."""
OPERATOR = Actor("operator:campaign")


@dataclass(frozen=True)
class Doomed:
    """A credential that is revoked while it signs."""

    credential_id: CredentialId
    serial: Serial
    suspended: bool
    """Put on hold in place of a revocation; nobody resumes it."""


@pytest.mark.req("SRA_SKM")
def test_no_signature_after_the_revocation(racecourse: Racecourse, rounds: int) -> None:
    """0 intents after the commit; 0 answered signatures without an intent; both sides win some."""
    schedules = rounds * PER_ROUND if rounds > 5 else SHORT
    outcomes = asyncio.run(_race(racecourse, schedules))
    late, begun = _judge(racecourse)
    assert not late
    print(f"\n{schedules} schedules: {outcomes[200]} calls signed, {outcomes[400]} refused")
    # One that was begun and whose answer came too late is told as 503.
    assert outcomes[200] <= begun <= outcomes[200] + outcomes[503]
    assert outcomes[200] > schedules / 10, "the revocation always came first: no race"
    assert outcomes[400] > schedules / 10, "the signatures always came first: no race"


async def _race(racecourse: Racecourse, schedules: int) -> Counter[int]:
    """Statuses of all signHash."""
    outcomes: Counter[int] = Counter()
    alice = racecourse.people["alice"]
    async with common.administration(racecourse.service.settings) as opened:
        turn = asyncio.Semaphore(AT_ONCE)
        end = common.end_certificate(opened)
        template = await opened.store.credentials.find(CredentialId(alice.credentials["pin-p256"]))
        assert template is not None

        async def one(client: Client) -> None:
            async with turn:
                doomed = await _doomed(opened, template)
                statuses = await _schedule(client, end, doomed)
            outcomes.update(statuses)

        async with racecourse.client(alice) as client, asyncio.TaskGroup() as group:
            for _ in range(schedules):
                group.create_task(one(client))
    return outcomes


async def _doomed(opened: Administration, template: Credential) -> Doomed:
    """One more credential of Alice over her key, with a certificate in the register."""
    credential_id = CredentialId(uuid.uuid4().hex)
    unbound = replace(
        template,
        credential_id=credential_id,
        pin_verifier=await opened.device.new_pin_verifier(credential_id, Pin(PIN)),
        key_algorithm=KeyAlgorithm.P_256,
    )
    bound = replace(unbound, binding=await opened.device.bind(records.claim_of(unbound)))
    now, serial = datetime.now(UTC), Serial(uuid.uuid4().hex.lstrip("0"))
    year = timedelta(days=365)
    line = Reservation(
        serial, "campaign", "signature", b"tbs", now, now + year, bound.account_id, credential_id
    )
    await opened.store.certificates.reserve(line, now, [])
    await opened.store.certificates.store(serial, b"certificate", now, [], bound)
    return Doomed(credential_id, serial, random.random() < 0.2)


async def _schedule(client: Client, end: EndCertificate, doomed: Doomed) -> list[int]:
    """Two hashes of an open SAD, and a SAD that is approved and used meanwhile."""
    digests = [digest_of(f"{doomed.serial} {number}") for number in range(3)]
    issued = await client.authorize(doomed.credential_id, *digests[:2])
    assert issued.status == 200, issued.body
    sad = issued.body["SAD"]

    begin = asyncio.Semaphore(0)
    after = random.randrange(4)
    """So many calls are answered before the revocation begins."""

    async def sign(sad: str, digest: bytes) -> int:
        status = (await client.sign_hash(doomed.credential_id, sad, digest)).status
        begin.release()
        return status

    async def approve_and_sign() -> int:
        approved = await client.authorize(doomed.credential_id, digests[2])
        begin.release()
        if approved.status != 200:
            return approved.status
        return await sign(approved.body["SAD"], digests[2])

    async def revoke() -> None:
        for _ in range(after):
            await begin.acquire()
        await asyncio.sleep(random.uniform(0, LONGEST_WAIT_S))
        await _end(end, doomed)

    # The second hash comes a little later, so that schedules differ from their middle on, too.
    async def later() -> int:
        await asyncio.sleep(random.uniform(0, LONGEST_WAIT_S))
        return await sign(sad, digests[1])

    first, second, third, _ = await asyncio.gather(
        sign(sad, digests[0]), later(), approve_and_sign(), revoke()
    )
    statuses = [first, second, third]
    assert set(statuses) <= {200, 400, 503}, statuses
    assert await sign(sad, digests[1]) != 200
    return statuses


async def _end(end: EndCertificate, doomed: Doomed) -> None:
    """The certificate is ended; a busy database is asked until it says so."""
    while True:
        try:
            if doomed.suspended:
                await end.suspend(OPERATOR, doomed.serial)
            else:
                await end.revoke(OPERATOR, doomed.serial, Reason.KEY_COMPROMISE)
        except StorageUnavailable:
            continue
        except errors.CertificateNotSo:
            return  # By the call before, whose answer did not come.
        return


def _judge(racecourse: Racecourse) -> tuple[list[str], int]:
    """Credentials with an intent after their end, and how many intents there were in all."""
    ended: set[str] = set()
    credential_of = asyncio.run(_credentials(racecourse))
    late, begun = [], 0
    for kind, body in load.records(racecourse.service):
        details = body["details"]
        if kind in (EventType.CERTIFICATE_REVOKED, EventType.CERTIFICATE_SUSPENDED):
            ended.add(credential_of.get(details["serial"], ""))
        if kind == EventType.SIGN_INTENT and details["credential_id"] in credential_of.values():
            begun += 1
            if details["credential_id"] in ended:
                late.append(details["credential_id"])
    return late, begun


async def _credentials(racecourse: Racecourse) -> dict[str, str]:
    """Serial number to credential, of what this test put into the register."""
    account_id = AccountId(racecourse.people["alice"].account_id)
    async with common.administration(racecourse.service.settings) as opened:
        lines = await opened.store.certificates.of_account(account_id)
    return {
        line.serial: line.credential_id
        for line in lines
        if line.issuer_id == "campaign" and line.credential_id
    }
