"""EJBCA certifies: orders become credentials, lost answers no second certificate, endings are told.

Over TLS with a client certificate, against a stub that speaks the documented API and fails as told.
Keys are in SoftHSM. (providers 6)
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from asn1crypto import x509

from csc_server.adapters.ca.ejbca import EjbcaClient, subject_dn
from csc_server.adapters.entropy import SystemEntropy
from csc_server.operations.certificates.external import (
    FORGOTTEN_AFTER,
    ExternalAuthority,
    ForgetRequests,
    ReportEndings,
)
from csc_server.ports.ca import CaUnavailable
from hsm.errors import KeyGone
from pki import names, profiles
from pki.authority import Order
from pki.ports import Serial
from policies import errors
from policies.algorithms import KeyAlgorithm
from policies.identity import Identifier, IdentifierScheme, Identity
from policies.orders import LEASE, MOST_TRIES, POSTPONED, OrderState
from policies.revocation import CertificateState, Reason
from policies.values import KeyRef
from tests import ejbca
from tests.build import ALICE
from tests.contracts import stores
from tests.csc_server.operations.test_renewal import (
    PORTAL,
    Office,
    office,  # noqa: F401 - a fixture
    pki,  # noqa: F401 - a fixture
    tokens,  # noqa: F401 - a fixture
)
from tests.ejbca import Ejbca, Tls
from tests.pki import golden

COMMAS = Identity(
    "RO",
    Identifier(IdentifierScheme.OPAQUE, "77+F1, 'x'=1"),
    '#Ana, "Maria" + <x>',
    "Țîrlea; Ion\\escu=",
)


@dataclass
class Elsewhere:
    """An office whose certificates come from EJBCA."""

    office: Office
    stub: Ejbca
    client: EjbcaClient
    report: ReportEndings

    async def round(self) -> None:
        """What the authority process does every few seconds."""
        await self.office.round(self.authority())

    def authority(self) -> ExternalAuthority:
        """As a new process makes it."""
        issuing = self.office.pki.issuing
        return ExternalAuthority(
            client=self.client,
            requests=self.office.store.ca_requests,
            chain=(issuing.certificate, *issuing.chain),
            clock=self.office.clock,
            entropy=SystemEntropy(),
            actor="system",
        )

    async def rounds_later(self, wait: timedelta) -> None:
        """The hand was turned on."""
        self.office.clock.at += wait
        await self.round()


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Tls:
    """Who trusts whom."""
    return ejbca.make_tls(tmp_path_factory.mktemp("tls"))


@pytest.fixture
async def elsewhere(office: Office, tls: Tls) -> AsyncIterator[Elsewhere]:  # noqa: F811 - a fixture
    """EJBCA is there, and has issued nothing yet."""
    async with (
        ejbca.running(office.pki, tls) as stub,
        EjbcaClient(stub.where(timeout_s=1.0), tls.client()) as client,
    ):
        requests = office.store.ca_requests
        report = ReportEndings(client=client, requests=requests, clock=office.clock)
        yield Elsewhere(office, stub, client, report)


async def test_an_order_becomes_a_credential(elsewhere: Elsewhere, tmp_path: Path) -> None:
    """One enrolment with our subject and the key's request; chain, register and order agree."""
    order = await elsewhere.office.order(person=COMMAS)
    await elsewhere.round()
    credential, serial = await elsewhere.office.issued(order)
    [issued] = elsewhere.stub.issued
    issuing = elsewhere.office.pki.issuing
    assert credential.certificates == (issued.der, issuing.certificate, *issuing.chain)
    line = await elsewhere.office.store.certificates.find(serial)
    assert line is not None
    assert (line.state, line.certificate) == (CertificateState.ISSUED, issued.der)
    subject = x509.Certificate.load(issued.der).subject
    assert dict(subject.native) == dict(names.person(COMMAS).native)
    [asked] = elsewhere.stub.seen
    assert asked["username"] == issued.username == f"cert-{credential.credential_id}"
    assert asked["password"] not in stores.dump(f"sqlite:///{tmp_path}/store.db")
    assert elsewhere.stub.calls == {"pkcs10enroll": 1}


@pytest.mark.parametrize("fails", ["lost", "hang", "500", "503", "html", "403"])
async def test_no_clear_answer_no_second_certificate(elsewhere: Elsewhere, fails: str) -> None:
    """Lost after the certificate was made or before: it is looked for, and there is one."""
    elsewhere.stub.failing = {"pkcs10enroll": [fails]}
    order = await elsewhere.office.order()
    if fails == "lost":
        await elsewhere.round()
    else:
        with pytest.raises(CaUnavailable):
            await elsewhere.round()
        assert (await elsewhere.office.shown(order)).state is OrderState.WAITING
        await elsewhere.rounds_later(POSTPONED)
    await elsewhere.office.issued(order)
    assert len(elsewhere.stub.issued) == 1


async def test_one_certificate_however_often_answers_are_lost(elsewhere: Elsewhere) -> None:
    """Enrolment and search fail for long; the order waits longer than its tries, then one key and
    one certificate are there."""
    outage = 2 * MOST_TRIES
    elsewhere.stub.failing = {"pkcs10enroll": ["lost"], "search": ["503"] * outage}
    order = await elsewhere.office.order()
    for _ in range(outage):
        with pytest.raises(CaUnavailable):
            await elsewhere.round()
        elsewhere.office.clock.at += POSTPONED
    await elsewhere.round()
    credential, _ = await elsewhere.office.issued(order)
    [issued] = elsewhere.stub.issued
    assert credential.certificates[0] == issued.der
    assert elsewhere.stub.calls["pkcs10enroll"] == 1


async def test_the_same_name_and_key_are_asked_again(elsewhere: Elsewhere) -> None:
    """EJBCA was down before it did anything: the second request is the first one again."""
    elsewhere.stub.failing = {"pkcs10enroll": ["503", "500"]}
    order = await elsewhere.office.order()
    for _ in range(2):
        with pytest.raises(CaUnavailable):
            await elsewhere.round()
        elsewhere.office.clock.at += POSTPONED
    await elsewhere.round()
    await elsewhere.office.issued(order)
    assert elsewhere.stub.calls["search"] == 4, "looked for after each failure and before each try"
    assert len(elsewhere.stub.issued) == 1


@pytest.mark.parametrize("fails", ["400", "413", "422", "202"])
async def test_no_is_no(elsewhere: Elsewhere, fails: str) -> None:
    """The order fails with EJBCA's words, the key is destroyed, nobody asks again."""
    elsewhere.stub.failing = {"pkcs10enroll": [fails]}
    order = await elsewhere.office.order()
    await elsewhere.round()
    failed = await elsewhere.office.shown(order)
    assert failed.state is OrderState.FAILED
    assert failed.reason is not None
    assert failed.reason.startswith("AuthorityRefused: ")
    await elsewhere.rounds_later(LEASE)
    assert elsewhere.stub.calls["pkcs10enroll"] == 1
    [[_, dead]] = await elsewhere.office.store.tombstones.after(0, 10)
    with pytest.raises(KeyGone):
        await elsewhere.office.device.destroy_key(KeyRef(dead.key_id))


def another_key(order: Order) -> Order:
    """A certificate for somebody else's key."""
    return replace(order, public_key=golden.public(golden.golden().unit_key))


def another_person(order: Order) -> Order:
    """The name of somebody else."""
    return replace(order, subject=names.person(COMMAS))


def longer(order: Order) -> Order:
    """For two years."""
    return replace(order, lifetime=2 * order.lifetime)


def for_logins(order: Order) -> Order:
    """For TLS in place of signatures."""
    return replace(order, profile=profiles.AUTHENTICATION)


@pytest.mark.parametrize("spoil", [another_key, another_person, longer, for_logins])
async def test_what_was_not_ordered_is_revoked(elsewhere: Elsewhere, spoil: object) -> None:
    """Nobody gets it, the order fails, and EJBCA is told at once."""
    elsewhere.stub.spoil = spoil  # type: ignore[assignment]  # a table
    order = await elsewhere.office.order()
    await elsewhere.round()
    failed = await elsewhere.office.shown(order)
    assert failed.state is OrderState.FAILED
    assert str(failed.reason).startswith("CertificateUnfit: not as ordered: ")
    [issued] = elsewhere.stub.issued
    assert issued.state == "CESSATION_OF_OPERATION"
    assert await elsewhere.office.store.credentials.of_account(ALICE.account_id) == []


async def test_what_ends_here_ends_there(elsewhere: Elsewhere) -> None:
    """Suspended, resumed, revoked: each told once; a message that fails is told later."""
    order = await elsewhere.office.order()
    await elsewhere.round()
    _, serial = await elsewhere.office.issued(order)
    [issued] = elsewhere.stub.issued
    end = elsewhere.office.verbs.end
    await elsewhere.report()
    assert elsewhere.stub.calls["revoke"] == 0
    await end.suspend(PORTAL, serial)
    elsewhere.stub.failing = {"revoke": ["503", "lost"]}
    with pytest.raises(CaUnavailable):
        await elsewhere.report()
    # The answer to this one is lost: what can be sent twice without harm is sent again at once.
    for _ in range(2):
        await elsewhere.report()
    assert (issued.state, elsewhere.stub.calls["revoke"]) == ("CERTIFICATE_HOLD", 3)
    await end.resume(PORTAL, serial)
    await elsewhere.report()
    assert issued.state is None
    await end.revoke(PORTAL, serial, Reason.PRIVILEGE_WITHDRAWN)
    await elsewhere.report()
    assert issued.state == "PRIVILEGES_WITHDRAWN"


async def test_who_revoked_there_first_does_no_harm(elsewhere: Elsewhere) -> None:
    """409 is success when it is so; that it cannot be resumed any more is said."""
    order = await elsewhere.office.order()
    await elsewhere.round()
    _, serial = await elsewhere.office.issued(order)
    elsewhere.stub.issued[0].state = "KEY_COMPROMISE"
    end = elsewhere.office.verbs.end
    await end.suspend(PORTAL, serial)
    await elsewhere.report()
    await end.resume(PORTAL, serial)
    with pytest.raises(errors.AuthorityRefused):
        await elsewhere.report()
    await end.revoke(PORTAL, serial, Reason.SUPERSEDED)
    await elsewhere.report()


async def test_one_refusal_holds_nobody_up(elsewhere: Elsewhere) -> None:
    """What EJBCA will not change is said once; the certificates after it are told all the same."""
    serials = []
    for _ in range(2):
        order = await elsewhere.office.order()
        await elsewhere.round()
        serials.append((await elsewhere.office.issued(order))[1])
    end = elsewhere.office.verbs.end
    for serial in serials:
        await end.suspend(PORTAL, serial)
    elsewhere.stub.failing = {"revoke": ["422"]}
    with pytest.raises(errors.AuthorityRefused):
        await elsewhere.report()
    assert [one.state for one in elsewhere.stub.issued] == [None, "CERTIFICATE_HOLD"]
    await elsewhere.report()
    again = ReportEndings(
        client=elsewhere.client,
        requests=elsewhere.office.store.ca_requests,
        clock=elsewhere.office.clock,
    )
    await again()
    assert {one.state for one in elsewhere.stub.issued} == {"CERTIFICATE_HOLD"}


async def test_what_nobody_comes_back_for_is_ended(elsewhere: Elsewhere) -> None:
    """A cancelled order's certificate, made when nobody heard of it, is revoked an hour later."""
    elsewhere.stub.failing = {"pkcs10enroll": ["lost"], "search": ["503"]}
    order = await elsewhere.office.order()
    with pytest.raises(CaUnavailable):
        await elsewhere.round()
    requests, clock = elsewhere.office.store.ca_requests, elsewhere.office.clock
    forget = ForgetRequests(client=elsewhere.client, requests=requests, clock=clock)
    clock.at += FORGOTTEN_AFTER
    await forget()
    [issued] = elsewhere.stub.issued
    assert issued.state is None, "its order still waits"
    await elsewhere.office.verbs.cancel_order(PORTAL, order.order_id)
    await forget()
    assert issued.state == "CESSATION_OF_OPERATION"
    await elsewhere.round()
    [[_, dead]] = await elsewhere.office.store.tombstones.after(0, 10)
    with pytest.raises(KeyGone):
        await elsewhere.office.device.destroy_key(KeyRef(dead.key_id))


@pytest.mark.parametrize("how", [{"named": False}, {"cafile": "others"}])
async def test_only_who_shows_a_certificate_to_whom_it_knows(
    elsewhere: Elsewhere,
    tls: Tls,
    how: dict[str, object],
) -> None:
    """Without a client certificate EJBCA does not listen; to a server of others we do not talk."""
    wrong = tls.client(**how)  # type: ignore[arg-type]  # a table
    async with EjbcaClient(elsewhere.stub.where(), wrong) as client:
        with pytest.raises(CaUnavailable):
            await client.find("cert-1")
    assert elsewhere.stub.calls == {}


async def test_a_profile_that_is_not_named_is_refused(elsewhere: Elsewhere, tls: Tls) -> None:
    """Before anything is sent."""
    where = elsewhere.stub.where(certificate_profiles={"authentication": "Logins"})
    async with EjbcaClient(where, tls.client()) as client:
        order = await elsewhere.office.order(algorithm=KeyAlgorithm.P_384)
        await elsewhere.office.round(replace(elsewhere.authority(), client=client))
    failed = await elsewhere.office.shown(order)
    assert failed.reason == "AuthorityRefused: no certificate profile for signature"
    assert elsewhere.stub.calls == {}


async def test_answers_of_any_size_and_no_longer(elsewhere: Elsewhere) -> None:
    """In many pieces; one that never ends is cut off."""
    await elsewhere.office.order()
    await elsewhere.round()
    [issued] = elsewhere.stub.issued
    elsewhere.stub.issued = [replace(issued) for _ in range(200)]
    assert await elsewhere.client.find(issued.username) == [issued.der] * 200
    elsewhere.stub.issued *= 10
    with pytest.raises(CaUnavailable, match="too long"):
        await elsewhere.client.find(issued.username)


async def test_an_authority_of_another_name(elsewhere: Elsewhere, tls: Tls) -> None:
    """Is configuration: it is said, and tried again."""
    async with EjbcaClient(elsewhere.stub.where(ca_name="Nobody"), tls.client()) as client:
        with pytest.raises(CaUnavailable, match="no authority Nobody"):
            await client.resume(Serial("c0ffee"))


def test_names_are_escaped() -> None:
    """What means something in a DN stands there as text."""
    assert subject_dn(COMMAS).startswith('CN=\\#Ana\\, \\"Maria\\" \\+ \\<x\\> Țîrlea\\; Ion')
    pseudonym = replace(COMMAS, given_name=None, surname=None, pseudonym="O=Bank")
    assert "pseudonym=O\\=Bank" in subject_dn(pseudonym)
