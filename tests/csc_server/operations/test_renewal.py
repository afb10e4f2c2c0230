"""A certificate from its order over its renewal to its end, with a moved clock and keys in SoftHSM.

(journeys J1.12, J2.1, J2.5, J3; security-and-pki 1.5)
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import pytest
from cryptography import x509

from csc_server.adapters.entropy import SystemEntropy
from csc_server.adapters.tombstones import TombstoneLines
from csc_server.operations.certificates import CertificateVerbs, build
from csc_server.operations.certificates.embedded import EmbeddedAuthority
from csc_server.operations.certificates.ending import Actor
from csc_server.operations.certificates.key_ends import DestroyKeys
from csc_server.operations.certificates.telling import TellOwner
from csc_server.operations.certificates.work_off import WorkOffOrders
from csc_server.operations.enrol import Enrolment
from csc_server.operations.people.letters import Letters
from csc_server.operations.people.rules import PeopleRules
from csc_server.ports.ca import CertificateAuthority
from csc_server.ports.messages import NewMessage
from csc_server.storage import Storage
from hsm.errors import KeyGone
from hsm.messages import Role
from hsm.pool import SignerPool
from hsm.settings import PoolSettings
from pki.ports import Serial
from pki.shared_factors import SharedFactors
from policies import errors
from policies.algorithms import KeyAlgorithm
from policies.key_ends import GRACE
from policies.messages import Channel, Language, MessageKind
from policies.orders import REKEY_BEFORE, Order, OrderState, Wish
from policies.registration import Applicant
from policies.revocation import CertificateState, Reason
from policies.values import (
    AccountId,
    AuthenticatorId,
    Credential,
    CredentialId,
    CredentialState,
    KeyRef,
    SealedTotp,
)
from tests.build import ALICE, SECOND
from tests.contracts import stores
from tests.pki import golden
from tests.pki.golden import Golden
from tests.softhsm import make_tokens

PORTAL = Actor("client:portal", ordered_by="client:portal")
APPLICANT = Applicant("Alice", "Ionescu", "alice@example.org", "+40721234567", Language.FR)
WISH = Wish(ALICE.account_id, golden.ALICE, "signature", KeyAlgorithm.P_256, years=1)


@dataclass
class Clock:
    """With a hand to turn it."""

    at: datetime = golden.NOW

    def now(self) -> datetime:
        """Where the hand stands."""
        return self.at


@dataclass
class Office:
    """The portal's verbs and the authority's work over one store and one device."""

    store: Storage
    device: SignerPool
    pki: Golden
    file: TombstoneLines
    clock: Clock = field(default_factory=Clock)

    @property
    def verbs(self) -> CertificateVerbs:
        """What the registration API offers."""
        return build(
            orders=self.store.orders,
            register=self.store.certificates,
            tell=self.tell,
            offered=frozenset({"signature"}),
            clock=self.clock,
            entropy=SystemEntropy(),
        )

    async def order(self, **changes: object) -> Order:
        """The portal orders for Alice."""
        return await self.verbs.order(PORTAL, replace(WISH, **changes))  # type: ignore[arg-type]  # a table

    async def round(self, ca: CertificateAuthority | None = None) -> None:
        """What the authority process does every few seconds; the embedded one unless said."""
        enrolment = Enrolment(
            accounts=self.store.accounts,
            people=self.store.people,
            credentials=self.store.credentials,
            register=self.store.certificates,
            device=self.device,
            hasher=None,  # type: ignore[arg-type]  # nobody gets a password here
            clock=self.clock,
            entropy=SystemEntropy(),
            actor="system",
            shared_factors=SharedFactors(self.store.credentials),
        )
        await WorkOffOrders(
            orders=self.store.orders,
            enrolment=enrolment,
            ca=ca
            or EmbeddedAuthority(
                register=self.store.certificates,
                issuer=self.pki.issuing,
                clock=self.clock,
                entropy=SystemEntropy(),
                actor="system",
            ),
            clock=self.clock,
        )()
        await DestroyKeys(
            tombstones=self.store.tombstones,
            file=self.file,
            device=self.device,
            tell=self.tell,
            clock=self.clock,
        )()

    @property
    def tell(self) -> TellOwner:
        """How Alice hears of it."""
        rules = PeopleRules("Paraph", "https://sign.paraph.example")
        return TellOwner(self.store.people, Letters(SystemEntropy(), rules))

    async def has_address(self) -> None:
        """Alice can be written to, in French."""
        await self.store.people.set_profile(ALICE.account_id, APPLICANT, self.clock.at, [], [])

    async def letters(self) -> list[NewMessage]:
        """What waits to be sent, the oldest first; it is taken."""
        claim = await self.store.messages.claim(Channel.MAIL, "lease", self.clock.at, 10)
        return [one.message for one in claim.to_send]

    async def shown(self, order: Order) -> Order:
        """Where it stands."""
        return await self.verbs.show_order(PORTAL, order.order_id)

    async def issued(self, order: Order) -> tuple[Credential, Serial]:
        """What an order became."""
        done = await self.shown(order)
        assert done.state is OrderState.ISSUED, done.reason
        assert done.credential_id is not None
        assert done.serial is not None
        credential = await self.store.credentials.find(CredentialId(done.credential_id))
        assert credential is not None
        return credential, Serial(done.serial)


@pytest.fixture(scope="module")
def pki() -> Golden:
    """Authorities with keys in software."""
    return golden.golden()


@pytest.fixture(scope="module")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> PoolSettings:
    """Two tokens of this module, initialised."""
    roles = frozenset({Role.ADMIN, Role.ENROL})
    settings = make_tokens(tmp_path_factory.mktemp("tokens"), roles=roles, processes=1)

    async def initialise() -> None:
        async with SignerPool(settings) as device:
            await device.initialise()

    asyncio.run(initialise())
    return settings


@pytest.fixture
async def office(pki: Golden, tokens: PoolSettings, tmp_path: Path) -> AsyncIterator[Office]:
    """Alice has an authenticator; nothing was ordered yet."""
    url = await stores.empty_url("sqlite", tmp_path)
    async with SignerPool(tokens) as device, stores.opened(url, tmp_path) as store:
        await store.accounts.add(stores.account(ALICE.account_id), [])
        name = AuthenticatorId("totp-alice")
        sealed, _ = await device.new_totp(name, ALICE.account_id)
        await store.credentials.add_authenticator(
            SealedTotp(name, ALICE.account_id, sealed, -1), golden.NOW, []
        )
        yield Office(store, device, pki, TombstoneLines(tmp_path / "tombstones.jsonl"))


async def test_ordered_renewed_and_over(office: Office) -> None:
    """Issued at once; the next one three days before its end, with a key of its own, while the old
    one lives; then the old key dies and the new one goes on; at its end a third is ordered."""
    first = await office.order()
    await office.round()
    old, serial = await office.issued(first)
    assert old.certificate is not None
    end = old.certificate.not_after

    renewal = await office.order(replaces=serial)
    assert renewal.due_at == end - REKEY_BEFORE
    office.clock.at = end - REKEY_BEFORE - SECOND
    await office.round()
    assert (await office.shown(renewal)).state is OrderState.WAITING
    office.clock.at = end - REKEY_BEFORE
    await office.round()
    new, _ = await office.issued(renewal)
    assert new.public_key != old.public_key
    assert new.key_ref.key_id != old.key_ref.key_id
    listed = await office.store.credentials.of_account(ALICE.account_id)
    assert [one.credential_id for one in listed] == [old.credential_id, new.credential_id]
    assert {one.state for one in listed} == {CredentialState.ENABLED}
    parsed = [x509.load_der_x509_certificate(one.certificates[0]) for one in listed]
    assert parsed[0].subject == parsed[1].subject

    office.clock.at = end + SECOND
    await office.round()
    listed = await office.store.credentials.of_account(ALICE.account_id)
    assert [one.state for one in listed] == [CredentialState.DISABLED, CredentialState.ENABLED]
    with pytest.raises(KeyGone):
        await office.device.destroy_key(KeyRef(old.key_ref.key_id))
    with pytest.raises(errors.RenewalOrdered):
        await office.order(replaces=serial)
    assert new.certificate is not None
    office.clock.at = new.certificate.not_after + SECOND
    again = await office.order()
    await office.round()
    third, _ = await office.issued(again)
    assert third.public_key not in {old.public_key, new.public_key}


async def test_what_was_ended_meanwhile_is_not_renewed(office: Office) -> None:
    """A renewal whose certificate is revoked before its day fails, and no key is made for it."""
    first = await office.order()
    await office.round()
    old, serial = await office.issued(first)
    renewal = await office.order(replaces=serial)
    await office.verbs.end.revoke(PORTAL, serial, Reason.KEY_COMPROMISE)
    office.clock.at = renewal.due_at
    await office.round()
    failed = await office.shown(renewal)
    assert (failed.state, failed.serial) == (OrderState.FAILED, None)
    assert failed.reason is not None
    assert failed.reason.startswith("CertificateNotSo")
    listed = await office.store.credentials.of_account(ALICE.account_id)
    assert [one.credential_id for one in listed] == [old.credential_id]
    assert len(await office.store.certificates.of_account(ALICE.account_id)) == 1


async def test_ended_and_renewed_by_whom_it_may(office: Office) -> None:
    """Suspended and resumed it is renewed all the same; another client or account never gets it."""
    first = await office.order()
    await office.round()
    _, serial = await office.issued(first)
    end = office.verbs.end
    for stranger in (
        Actor("client:shop", ordered_by="client:shop"),
        Actor("account:mallory", AccountId("mallory")),
    ):
        for ending in (
            end.suspend(stranger, serial),
            end.resume(stranger, serial),
            end.revoke(stranger, serial, Reason.SUPERSEDED),
        ):
            with pytest.raises(errors.CertificateUnknown):
                await ending
    assert (await end.suspend(PORTAL, serial)).state is CertificateState.SUSPENDED
    with pytest.raises(errors.CertificateNotSo):
        await office.order(replaces=serial)
    assert (await end.resume(PORTAL, serial)).state is CertificateState.ISSUED
    assert (await office.order(replaces=serial)).state is OrderState.WAITING
    owner = Actor(f"account:{ALICE.account_id}", ALICE.account_id)
    assert (await end.revoke(owner, serial, Reason.SUPERSEDED)).state is CertificateState.REVOKED


async def test_the_owner_reads_what_happens_to_a_certificate(office: Office) -> None:
    """In the language of the account, with the serial number; what is refused is not told."""
    await office.has_address()
    first = await office.order()
    await office.round()
    _, serial = await office.issued(first)
    end = office.verbs.end
    await end.suspend(PORTAL, serial)
    await end.resume(PORTAL, serial)
    with pytest.raises(errors.CertificateNotSo):
        await end.resume(PORTAL, serial)
    await end.revoke(PORTAL, serial, Reason.SUPERSEDED)
    letters = await office.letters()
    assert {one.kind for one in letters} == {
        MessageKind.CERTIFICATE_SUSPENDED,
        MessageKind.CERTIFICATE_RESUMED,
        MessageKind.CERTIFICATE_REVOKED,
    }
    assert len(letters) == 3
    for one in letters:
        assert (one.recipient, one.language) == (APPLICANT.email, Language.FR)
        assert one.facts == {"name": "Alice Ionescu", "serial": serial}
    office.clock.at += 2 * GRACE
    await office.round()
    assert await office.letters() == [], "the key's end is no news"


async def test_the_owner_reads_that_a_certificate_expired(office: Office) -> None:
    """When it did, even if nobody looked for days; nothing where another was issued in its place,
    and nothing where there is no address."""
    first = await office.order()
    await office.round()
    old, serial = await office.issued(first)
    renewal = await office.order(replaces=serial)
    office.clock.at = renewal.due_at
    await office.round()
    new, second = await office.issued(renewal)
    assert old.certificate is not None
    assert new.certificate is not None
    await office.has_address()
    office.clock.at = old.certificate.not_after + SECOND
    await office.round()
    assert await office.letters() == [], "replaced"
    office.clock.at = new.certificate.not_after + 3 * GRACE
    await office.round()
    [told] = await office.letters()
    assert (told.kind, told.facts["serial"]) == (MessageKind.CERTIFICATE_EXPIRED, second)
    assert told.created_at == new.certificate.not_after
    assert told.expires_at > office.clock.at


async def test_nobody_is_told_without_an_address(office: Office) -> None:
    """Accounts of before have none."""
    first = await office.order()
    await office.round()
    _, serial = await office.issued(first)
    await office.verbs.end.revoke(PORTAL, serial, Reason.KEY_COMPROMISE)
    assert await office.letters() == []


async def test_a_bad_key_is_destroyed_and_the_order_fails(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is reserved, nothing signed, and no key is left in the device."""
    made: list[bytes] = []
    generate = office.device.generate_key

    async def bad(algorithm: KeyAlgorithm, key_id: bytes | None = None) -> object:
        new, other = await generate(algorithm, key_id), await generate(algorithm)
        made.append(new.key_ref.key_id)
        return replace(new, request=other.request)

    monkeypatch.setattr(office.device, "generate_key", bad)
    order = await office.order()
    await office.round()
    assert (await office.shown(order)).reason == "KeyUnfit: the request is another key's"
    assert await office.store.certificates.last_move() == 0
    with pytest.raises(KeyGone):
        await office.device.destroy_key(KeyRef(made[0]))
