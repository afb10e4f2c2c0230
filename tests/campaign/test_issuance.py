"""kill -9 of the authority at named points of an issue, and at random moments.

Afterwards every order is done, none twice; no serial number is without its record, nothing was
signed without intent; no key is left that nobody knows. (security-and-pki 6.3, Boulder; 7.2 row 3)
"""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from asn1crypto import x509

from csc_server.commands import audit, common
from csc_server.config import Settings
from policies.algorithms import KeyAlgorithm
from policies.audit import EventType
from policies.identity import Identity
from policies.orders import LEASE, Order, OrderId, OrderState, Wish
from policies.revocation import ABANDONED_AFTER, CertificateState
from policies.values import AccountId
from tests import postgres, service
from tests.campaign import load
from tests.service import OPAQUE, Service

POINTS = (
    *("after claim", "before announce", "after announce", "after generate_key"),
    *("before reserve", "after reserve", "before sign", "after sign"),
    *("after bind", "before store", "after store"),
)
SHORT = ("after reserve", "after sign", "after store")
"""Those of ``make test``: an intent alone, a signature nobody stored, an answer that was lost."""
ENDINGS = ("after destroy_key", "before destroyed")
"""Points at which the keys of dead issues end."""
PORTAL = "client:portal"
LATER_S = (LEASE + ABANDONED_AFTER).total_seconds() + 60
"""When leases are over, and nobody can be at work at a reservation of before any more."""
LONGEST_LIFE_S = 1.5
"""A process that is to die at a random moment lives at most so long after it is ready."""


@dataclass
class Instance:
    """Somebody whose certificates are ordered, and an authority that dies."""

    settings: Settings
    account_id: AccountId
    signed: Path
    """What the authority's key signed: SHA-384 of each."""
    before: frozenset[str]
    """Objects in the tokens."""

    def objects(self) -> frozenset[str]:
        """Now."""
        tokens = self.settings.path(Path("tokens"))
        # SoftHSM makes an empty file first: one whose process died then holds no key.
        return frozenset(one.name for one in tokens.rglob("*.object") if one.stat().st_size)

    def run(self, ahead_s: float, crash_at: str = "", lives_s: float | None = None) -> int:
        """A round of the authority; its exit status, negative for a signal."""
        words = [str(self.settings.instance), str(ahead_s), str(self.signed), crash_at]
        command = [sys.executable, "-m", "tests.campaign.issuer", *words]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            timer = threading.Timer(lives_s or 0, process.kill)
            if lives_s is not None:
                timer.start()
            status = process.wait(60)
            timer.cancel()
            return status


def test_the_authority_is_killed(tmp_path: Path, rounds: int) -> None:
    """Dead at each point, and wherever it was; the next process finishes everything once."""
    engines: tuple[str, ...] = ("sqlite",)
    points: tuple[str, ...] = SHORT
    endings: tuple[str, ...] = ()
    if rounds > 5:
        engines, points, endings = ("sqlite", "postgresql"), POINTS, ENDINGS
    for engine in engines:
        instance = _instance(tmp_path / engine, engine)
        names = [*points, *(f"random {number}" for number in range(rounds // 5 - 1))]
        asyncio.run(_order(instance, names))
        for point in points:
            assert instance.run(0, point) == -9, point
        for _ in names[len(points) :]:
            instance.run(0, lives_s=random.uniform(0, LONGEST_LIFE_S))
        for point in endings:
            assert instance.run(LATER_S, point) == -9, point
        assert instance.run(LATER_S) == 0
        judge(instance, set(names))
        assert asyncio.run(audit.verify_log(instance.settings)).finding is None


def _instance(directory: Path, engine: str) -> Instance:
    changes = {}
    if engine == "postgresql":
        changes["database_url"] = postgres.shared().create_database()
    settings = service.create_instance(directory, **changes)
    alice = asyncio.run(service.enrol(settings, {"alice": service.OTP_P256}))["alice"]
    made = Instance(settings, AccountId(alice.account_id), directory / "signed", frozenset())
    made.before = made.objects()
    return made


async def _order(instance: Instance, names: list[str]) -> None:
    """So many certificates of Alice are due, one after the other."""
    person = Identity("RO", OPAQUE, pseudonym="Alice")
    wish = Wish(instance.account_id, person, "signature", KeyAlgorithm.P_256, years=1)
    now = datetime.now(UTC)
    async with common.administration(instance.settings) as opened:
        for number, name in enumerate(names, 1 - len(names)):
            due_at = now + timedelta(seconds=number)
            taken = Order(OrderId(name), wish, OrderState.WAITING, due_at, now)
            await opened.store.orders.take(taken, PORTAL, now, [])


def judge(instance: Instance, names: set[str]) -> None:
    """Nothing is lost, nothing is there twice, nothing is without a record.

    Raises:
        AssertionError: A promise is broken.
    """
    orders, lines, credentials = asyncio.run(_state(instance, names))
    assert {one.state for one in orders} == {OrderState.ISSUED}
    good = [line for line in lines if line[1] is CertificateState.ISSUED]
    assert {one.serial for one in orders} == {serial for serial, *_ in good}
    assert {one.credential_id for one in orders} == credentials
    for serial, state, certificate in lines:
        assert state in (CertificateState.ISSUED, CertificateState.REVOKED)
        assert (certificate is None) is (state is CertificateState.REVOKED)
        if certificate is not None:
            assert f"{x509.Certificate.load(certificate).serial_number:x}" == serial
    intents = {
        body["details"]["serial"]
        for kind, body in load.records(Service(instance.settings))
        if kind == EventType.CERTIFICATE_INTENT
    }
    reserved = {serial for serial, *_ in lines}
    assert reserved <= intents
    signed = instance.signed.read_text().split()
    assert len(signed) == len(set(signed)) <= len(reserved), "signed without a reservation"
    assert len(instance.objects() - instance.before) == len(names), "keys without an owner"
    print(f"\n{len(names)} orders, {len(lines)} reservations, {len(signed)} signed")


Line = tuple[str, CertificateState, bytes | None]


async def _state(
    instance: Instance, names: set[str]
) -> tuple[list[Order], list[Line], set[str | None]]:
    """Orders, lines of the register, credentials of Alice but her first."""
    async with common.administration(instance.settings) as opened:
        store = opened.store
        found = [await store.orders.find(OrderId(name), PORTAL) for name in names]
        lines = await store.certificates.of_account(instance.account_id)
        credentials = await store.credentials.of_account(instance.account_id)
    return (
        [one for one in found if one is not None],
        [(line.serial, line.state, line.certificate) for line in lines[1:]],
        {one.credential_id for one in credentials[1:]},
    )
