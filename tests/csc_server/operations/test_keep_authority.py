"""A round of the authority: what it rolls, lists and tidies up, and when. The clock is moved."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from asn1crypto import x509
from cryptography.hazmat.primitives.asymmetric import ec

from csc_server.adapters.entropy import SystemEntropy
from csc_server.adapters.publications import PublicDirectory
from csc_server.operations.certify import CertifyService
from csc_server.operations.keep_authority import ISSUING_CRL, Desk, KeepAuthority
from csc_server.storage import Storage
from hsm.errors import Broken
from pki import authority, crl, profiles
from pki.ports import Reservation, Serial
from policies import errors, status
from policies.algorithms import KeyAlgorithm, SignAlgorithm
from policies.revocation import ABANDONED_AFTER, CertificateState, Reason, Revocation
from policies.rolling import USED_FOR
from tests.build import ALICE, HOUR, SECOND
from tests.contracts import stores
from tests.contracts.stores import CRED_ALICE
from tests.pki import golden
from tests.pki.golden import Golden

DAY = timedelta(days=1)
OCSP = ("ocsp-1", "ocsp-2")
TSA = ("tsa-1", "tsa-2")
SERIALS = (Serial("aa"), Serial("bb"))


@dataclass
class Clock:
    """With a hand to turn it."""

    at: datetime = golden.NOW

    def now(self) -> datetime:
        """Where the hand stands."""
        return self.at


@dataclass
class SoftKeys:
    """The port ``ServiceKeys`` in software; gone while ``broken``."""

    broken: bool = False
    made: dict[str, ec.EllipticCurvePrivateKey] = field(default_factory=dict)

    async def service_key(self, name: str, algorithm: KeyAlgorithm) -> bytes:
        """Made if absent."""
        if self.broken:
            raise Broken("no device")
        return golden.public(self.made.setdefault(name, ec.generate_private_key(ec.SECP256R1())))

    async def service_sign(self, name: str, digest: bytes, algorithm: SignAlgorithm) -> bytes:
        """By a key that was made."""
        return await golden.signer(self.made[name])(digest, algorithm)


@dataclass
class Room:
    """The authority's work over a real register and a real directory."""

    pki: Golden
    store: Storage
    directory: Path
    clock: Clock = field(default_factory=Clock)
    keys: SoftKeys = field(default_factory=SoftKeys)

    def keeping(self) -> KeepAuthority:
        """As the authority process makes it."""
        issuer = self.pki.issuing

        async def sign(digest: bytes, algorithm: SignAlgorithm) -> bytes:
            if self.keys.broken:
                raise Broken("no device")
            return await issuer.sign(digest, algorithm)

        register = self.store.certificates
        return KeepAuthority(
            issuer=replace(issuer, sign=sign),
            provider=golden.PROVIDER,
            keys=self.keys,
            register=register,
            authorizations=self.store.authorizations,
            publications=PublicDirectory(self.directory),
            certify=CertifyService(
                register=register, clock=self.clock, entropy=SystemEntropy(), actor="system"
            ),
            clock=self.clock,
            desks=(
                Desk(profiles.OCSP, "Example OCSP", OCSP),
                Desk(profiles.TSA, "Example TSU", TSA),
            ),
        )

    async def after(self, wait: timedelta) -> KeepAuthority:
        """The hand was turned on; a new process, as far as it can tell."""
        self.clock.at += wait
        return self.keeping()

    def published(self) -> set[str]:
        """Files that everybody may fetch."""
        return {one.name for one in self.directory.iterdir()}

    def listed(self) -> dict[str, datetime]:
        """The published list."""
        return dict(crl.read((self.directory / ISSUING_CRL).read_bytes())[1])

    def number(self) -> int:
        """Of the published list."""
        return crl.number((self.directory / ISSUING_CRL).read_bytes())

    async def issue(self, serial: Serial) -> None:
        """One of Alice's certificates is in the register."""
        await self.reserve(serial)
        await self.store.certificates.store(serial, b"certificate", self.clock.at, [])

    async def reserve(self, serial: Serial) -> None:
        """One is about to be signed."""
        issuer_id, now = self.pki.issuing.issuer_id, self.clock.at
        line = Reservation(
            *(serial, issuer_id, "signature", b"tbs", now, now + 365 * DAY),
            *(ALICE.account_id, CRED_ALICE),
        )
        await self.store.certificates.reserve(line, now, [])


@pytest.fixture(scope="module")
def pki() -> Golden:
    """Authorities with keys in software."""
    return golden.golden()


@pytest.fixture
async def room(pki: Golden, tmp_path: Path) -> AsyncIterator[Room]:
    """Nothing is published yet."""
    (tmp_path / "public").mkdir()
    url = await stores.empty_url("sqlite", tmp_path)
    async with stores.opened(url, tmp_path) as store:
        await stores.populate(store)
        yield Room(pki, store, tmp_path / "public")


async def test_each_desk_gets_a_certificate(room: Room) -> None:
    """In the register and published; a second round has nothing to do."""
    await room.keeping().roll()
    assert room.published() == {"ocsp-1.cer", "tsa-1.cer"}
    for name, profile in (("ocsp-1", "ocsp"), ("tsa-1", "tsa")):
        certificate = x509.Certificate.load((room.directory / f"{name}.cer").read_bytes())
        line = await room.store.certificates.find(Serial(f"{certificate.serial_number:x}"))
        assert line is not None
        assert (line.profile, line.state) == (profile, CertificateState.ISSUED)
    await (await room.after(USED_FOR["ocsp"] - SECOND)).roll()
    assert room.published() == {"ocsp-1.cer", "tsa-1.cer"}


async def test_the_other_key_takes_over_in_time(room: Room) -> None:
    """At two thirds of its life, with the old certificate still there; then back again."""
    await room.keeping().roll()
    old = (room.directory / "ocsp-1.cer").read_bytes()
    await (await room.after(USED_FOR["ocsp"])).roll()
    assert room.published() == {"ocsp-1.cer", "ocsp-2.cer", "tsa-1.cer"}
    assert (room.directory / "ocsp-1.cer").read_bytes() == old
    await (await room.after(USED_FOR["ocsp"])).roll()
    assert (room.directory / "ocsp-1.cer").read_bytes() != old
    await (await room.after(USED_FOR["tsa"])).roll()
    assert "tsa-2.cer" in room.published()


async def test_nothing_is_rolled_without_device(room: Room) -> None:
    """The certificate of before stays; the next round with a device makes up for it."""
    await room.keeping().roll()
    room.keys.broken = True
    with pytest.raises(Broken):
        await (await room.after(USED_FOR["ocsp"])).roll()
    assert room.published() == {"ocsp-1.cer", "tsa-1.cer"}
    room.keys.broken = False
    await room.keeping().roll()
    assert "ocsp-2.cer" in room.published()


async def test_a_certificate_that_the_linter_refuses_is_not_published(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor reserved: nothing was signed."""

    def broken(linter: profiles.Linter) -> None:
        raise MemoryError("no linter today")

    monkeypatch.setattr("pki.linters._validator", broken)
    with pytest.raises(errors.CertificateUnfit, match="no linter today"):
        await room.keeping().roll()
    assert room.published() == set()
    assert await room.store.certificates.last_move() == 0


async def test_a_list_each_hour(room: Room) -> None:
    """The first at once, the next when an hour is over, with a greater number."""
    await room.keeping().list()
    first = room.number()
    await (await room.after(status.CRL_EVERY - SECOND)).list()
    assert room.number() == first
    await (await room.after(SECOND)).list()
    assert room.number() > first
    assert room.listed() == {}


async def test_a_list_for_each_revocation(room: Room) -> None:
    """Gathered for ten seconds; what was resumed leaves it at once."""
    for serial in SERIALS:
        await room.issue(serial)
    await room.keeping().list()
    register, began = room.store.certificates, room.clock.at
    hold = (CertificateState.SUSPENDED, Reason.CERTIFICATE_HOLD)
    await register.end(SERIALS[0], *hold, began, [])
    await (await room.after(status.CRL_GATHER - SECOND)).list()
    assert room.listed() == {}
    await register.end(SERIALS[1], CertificateState.REVOKED, Reason.SUPERSEDED, room.clock.at, [])
    await (await room.after(SECOND)).list()
    assert room.listed() == dict(zip(SERIALS, (began, room.clock.at - SECOND), strict=True))
    number = room.number()
    await register.resume(SERIALS[0], [])
    await room.keeping().list()
    assert set(room.listed()) == {SERIALS[1]}
    assert room.number() > number


async def test_the_old_list_stays_without_device(room: Room) -> None:
    """And the new one follows when the device is back."""
    await room.keeping().list()
    content = (room.directory / ISSUING_CRL).read_bytes()
    room.keys.broken = True
    with pytest.raises(Broken):
        await (await room.after(status.CRL_EVERY)).list()
    assert (room.directory / ISSUING_CRL).read_bytes() == content
    room.keys.broken = False
    await room.keeping().list()
    assert (room.directory / ISSUING_CRL).read_bytes() != content


async def test_numbers_grow_when_the_clock_goes_back(room: Room) -> None:
    """A list of the future is replaced by one of now, with a greater number all the same."""
    await room.keeping().list()
    number = room.number()
    await (await room.after(-HOUR)).list()
    assert room.number() > number


async def test_who_died_before_the_end_is_tidied_up(room: Room) -> None:
    """Its certificate, if there is one, is revoked, and on the list in the same round."""
    await room.reserve(SERIALS[0])
    await (await room.after(ABANDONED_AFTER - SECOND)).abandon()
    line = await room.store.certificates.find(SERIALS[0])
    assert line is not None
    assert line.state is CertificateState.RESERVED
    keeping = await room.after(SECOND)
    await keeping.abandon()
    await keeping.list()
    assert set(room.listed()) == {SERIALS[0]}


async def test_the_order_of_a_round(room: Room) -> None:
    """First the certificates that others need, then the list, then the register."""
    keeping = room.keeping()
    assert [step.__name__ for step in keeping.steps] == ["roll", "list", "abandon"]


async def test_an_older_database_brings_nobody_back_to_life(room: Room) -> None:
    """What was published as revoked stays on the list, under a number above the published one;
    what was only suspended leaves it."""
    now, entry = room.clock.at.replace(microsecond=0), crl.Entry
    await room.issue(SERIALS[0])
    high = int((now + 30 * DAY).timestamp())
    of_before = crl.List(
        issuer=room.pki.issuing.certificate,
        number=high,
        window=status.crl_window(now),
        entries=[
            entry(0xAA, Revocation(now - HOUR, Reason.KEY_COMPROMISE)),
            entry(0xBB, Revocation(now - HOUR, Reason.CERTIFICATE_HOLD)),
        ],
    )
    made = await crl.issue(of_before, authority.ALGORITHM, room.pki.issuing.sign)
    PublicDirectory(room.directory).put(ISSUING_CRL, made)
    for expected in (high + 1, high + 2):
        await (await room.after(status.CRL_EVERY)).list()
        assert (room.listed(), room.number()) == ({"aa": now - HOUR}, expected)
    [stays] = crl.for_good((room.directory / ISSUING_CRL).read_bytes())
    assert stays.revocation.reason is Reason.KEY_COMPROMISE
    await (await room.after(SECOND)).list()
    assert room.number() == high + 2, "nothing new, no new list"
