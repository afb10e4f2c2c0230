"""The port ``Register``: every certificate that may exist, and what ends with it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from csc_server.ports import SadAlreadyUsed
from csc_server.ports.messages import NewMessage
from csc_server.storage import Storage
from pki.ports import Reservation, Serial, SerialTaken
from policies import errors, revocation
from policies.audit import EventType
from policies.messages import MessageKind
from policies.revocation import CertificateState, Reason, Revocation
from policies.values import CredentialId, CredentialState
from tests import build
from tests.build import ALICE, DIGEST_A, HOUR, SECOND, T0
from tests.contracts import stores
from tests.contracts.stores import CRED_ALICE
from tests.contracts.test_messages import claim, mail

SERIAL = Serial("c0ffee")
RESERVATION = Reservation(
    serial=SERIAL,
    issuer_id="aa" * 32,
    profile="signature",
    tbs=b"to be signed",
    not_before=T0,
    not_after=T0 + HOUR,
    account_id=ALICE.account_id,
    credential_id=CRED_ALICE,
)
EVENT = stores.event(EventType.CERTIFICATE_ISSUED)


async def issued(storage: Storage) -> None:
    """Alice's certificate is in the register."""
    await storage.certificates.reserve(RESERVATION, T0, [EVENT])
    await storage.certificates.store(SERIAL, b"certificate", T0, [EVENT])


async def state_of(storage: Storage) -> CertificateState:
    """What the register says."""
    line = await storage.certificates.find(SERIAL)
    assert line is not None
    return line.state


async def key_of_alice(storage: Storage) -> CredentialState:
    """Whether Alice's key may be used."""
    credential = await storage.credentials.find(CRED_ALICE)
    assert credential is not None
    return credential.state


async def test_reserved_then_issued(storage: Storage) -> None:
    """The line holds what was planned, then the certificate."""
    await storage.certificates.reserve(RESERVATION, T0, [EVENT])
    line = await storage.certificates.find(SERIAL)
    assert line is not None
    assert (line.state, line.certificate) == (CertificateState.RESERVED, None)
    await storage.certificates.store(SERIAL, b"certificate", T0, [EVENT])
    line = await storage.certificates.find(SERIAL)
    assert line is not None
    assert (line.state, line.certificate) == (CertificateState.ISSUED, b"certificate")
    assert (line.not_before, line.not_after) == (T0, T0 + HOUR)
    assert (line.account_id, line.credential_id) == (ALICE.account_id, CRED_ALICE)
    assert await storage.certificates.of_account(ALICE.account_id) == [line]


async def test_a_serial_number_is_taken_once(storage: Storage) -> None:
    """A second reservation changes nothing."""
    await issued(storage)
    with pytest.raises(SerialTaken):
        await storage.certificates.reserve(RESERVATION, T0, [EVENT])
    assert await state_of(storage) is CertificateState.ISSUED


async def test_a_key_gets_one_certificate(storage: Storage) -> None:
    """A second one for the same public key is not even begun, whatever became of the first."""
    made = replace(RESERVATION, key_id=b"k" * 16, public_key_digest=b"d" * 32)
    await storage.certificates.reserve(made, T0, [EVENT])
    again = replace(made, serial=Serial("beef"), key_id=b"l" * 16)
    with pytest.raises(errors.KeyUnfit):
        await storage.certificates.reserve(again, T0, [EVENT])
    assert await storage.certificates.find(again.serial) is None


async def test_what_was_not_reserved_is_not_stored(storage: Storage) -> None:
    """Neither without a reservation nor twice."""
    with pytest.raises(errors.CertificateNotSo):
        await storage.certificates.store(SERIAL, b"certificate", T0, [EVENT])
    await issued(storage)
    with pytest.raises(errors.CertificateNotSo):
        await storage.certificates.store(SERIAL, b"another", T0, [EVENT])
    line = await storage.certificates.find(SERIAL)
    assert line is not None
    assert line.certificate == b"certificate"


async def test_certificate_and_credential_come_together(storage: Storage) -> None:
    """Neither is there without the other."""
    new = build.credential(credential_id=CredentialId("cred-new"))
    with pytest.raises(errors.CertificateNotSo):
        await storage.certificates.store(SERIAL, b"certificate", T0, [EVENT], new)
    assert await storage.credentials.find(new.credential_id) is None
    await storage.certificates.reserve(RESERVATION, T0, [EVENT])
    await storage.certificates.store(SERIAL, b"certificate", T0, [EVENT], new)
    assert await storage.credentials.find(new.credential_id) == new


async def test_unknown_serial_numbers(storage: Storage) -> None:
    """Nothing is found, and nothing ends."""
    for serial in (Serial("1"), Serial(""), Serial("\0"), Serial("C0FFEE")):
        assert await storage.certificates.find(serial) is None
    with pytest.raises(errors.CertificateUnknown):
        await storage.certificates.resume(Serial("1"), [EVENT])


async def test_mails_come_with_their_cause(storage: Storage) -> None:
    """In its transaction: what does not happen is not told."""
    await issued(storage)
    hold = (CertificateState.SUSPENDED, Reason.CERTIFICATE_HOLD, T0)
    for name in ("held", "held again"):
        with suppress(errors.CertificateNotSo):
            await storage.certificates.end(SERIAL, *hold, [EVENT], [_mail(name)])
    for name in ("resumed", "resumed again"):
        with suppress(errors.CertificateNotSo):
            await storage.certificates.resume(SERIAL, [EVENT], [_mail(name)])
    sent = await claim(storage)
    assert sorted(one.message.message_id for one in sent) == ["held", "resumed"]


def _mail(name: str) -> NewMessage:
    return mail(name, kind=MessageKind.PASSWORD_CHANGED, facts={"name": "Ana"})


@pytest.mark.parametrize("to", [CertificateState.SUSPENDED, CertificateState.REVOKED])
async def test_the_key_ends_with_its_certificate(storage: Storage, to: CertificateState) -> None:
    """Key disabled and open SADs dead in the same transaction: nothing can be begun any more."""
    await issued(storage)
    await stores.issue(storage, "sad", DIGEST_A)
    permit = await stores.permit(storage, "sad", DIGEST_A)
    why = Reason.CERTIFICATE_HOLD if to is CertificateState.SUSPENDED else Reason.SUPERSEDED
    await storage.certificates.end(SERIAL, to, why, T0 + SECOND, [EVENT])
    line = await storage.certificates.find(SERIAL)
    assert line is not None
    assert (line.state, line.revocation) == (to, Revocation(T0 + SECOND, why))
    assert await key_of_alice(storage) is CredentialState.DISABLED
    with pytest.raises(SadAlreadyUsed):
        await stores.reserve(storage, permit, "late")
    assert await storage.certificates.not_good(RESERVATION.issuer_id) == [line]
    assert await storage.certificates.not_good("bb" * 32) == []


async def test_only_what_is_suspended_is_resumed(storage: Storage) -> None:
    """Then the key signs again and the list is empty; revoked is for good."""
    await issued(storage)
    with pytest.raises(errors.CertificateNotSo):
        await storage.certificates.resume(SERIAL, [EVENT])
    suspend = (CertificateState.SUSPENDED, Reason.CERTIFICATE_HOLD)
    await storage.certificates.end(SERIAL, *suspend, T0, [EVENT])
    with pytest.raises(errors.CertificateNotSo):
        await storage.certificates.end(SERIAL, *suspend, T0, [EVENT])
    await storage.certificates.resume(SERIAL, [EVENT])
    assert await key_of_alice(storage) is CredentialState.ENABLED
    assert await storage.certificates.not_good(RESERVATION.issuer_id) == []
    revoke = (CertificateState.REVOKED, Reason.KEY_COMPROMISE)
    await storage.certificates.end(SERIAL, *revoke, T0, [EVENT])
    for call in (
        storage.certificates.resume(SERIAL, [EVENT]),
        storage.certificates.end(SERIAL, *revoke, T0, [EVENT]),
        storage.certificates.end(SERIAL, *suspend, T0, [EVENT]),
    ):
        with pytest.raises(errors.CertificateNotSo):
            await call
    assert await key_of_alice(storage) is CredentialState.DISABLED


async def test_a_suspended_certificate_may_be_revoked(storage: Storage) -> None:
    """The end counts from the revocation."""
    await issued(storage)
    suspend = (CertificateState.SUSPENDED, Reason.CERTIFICATE_HOLD)
    await storage.certificates.end(SERIAL, *suspend, T0, [EVENT])
    later = T0 + HOUR
    revoke = (CertificateState.REVOKED, Reason.SUPERSEDED)
    await storage.certificates.end(SERIAL, *revoke, later, [EVENT])
    line = await storage.certificates.find(SERIAL)
    assert line is not None
    assert line.revocation == Revocation(later, Reason.SUPERSEDED)


async def test_nobody_finished_it(storage: Storage) -> None:
    """A reservation of a process that died counts as revoked when its time is over, not before."""
    await storage.certificates.reserve(RESERVATION, T0, [EVENT])
    other = replace(RESERVATION, serial=Serial("beef"))
    await storage.certificates.reserve(other, T0 + SECOND, [EVENT])
    end = T0 + revocation.ABANDONED_AFTER
    assert await storage.certificates.abandon(end - timedelta(microseconds=1), 10) == 0
    assert await storage.certificates.abandon(end, 10) == 1
    assert await state_of(storage) is CertificateState.REVOKED
    with pytest.raises(errors.CertificateNotSo):
        await storage.certificates.store(SERIAL, b"too late", T0, [EVENT])
    [line] = await storage.certificates.not_good(RESERVATION.issuer_id)
    assert (line.serial, line.certificate) == (SERIAL, None)


async def test_numbers_of_lists_only_grow(storage: Storage) -> None:
    """With the clock, and past it when it stands still or goes back."""
    first = await storage.certificates.next_crl_number("aa", T0)
    assert first == int(T0.timestamp())
    assert await storage.certificates.next_crl_number("aa", T0) == first + 1
    assert await storage.certificates.next_crl_number("aa", T0 - HOUR) == first + 2
    assert await storage.certificates.next_crl_number("bb", T0 - HOUR) < first
    forgotten = first + 10
    assert await storage.certificates.next_crl_number("aa", T0, forgotten) == forgotten + 1
    assert await storage.certificates.next_crl_number("aa", T0, first) == forgotten + 2


async def test_changes_are_counted(storage: Storage) -> None:
    """Each change moves its line behind the others; a reservation alone is nothing to tell."""
    register, issuer = storage.certificates, RESERVATION.issuer_id
    start = await register.last_move()
    other = replace(RESERVATION, serial=Serial("beef"))
    foreign = replace(RESERVATION, serial=Serial("f00d"), issuer_id="bb" * 32)
    await issued(storage)
    for one in (other, foreign):
        await register.reserve(one, T0, [EVENT])
    await register.store(foreign.serial, b"certificate", T0, [EVENT])
    [alice] = await register.moved(issuer, start, 10)
    assert (alice.serial, alice.not_after, alice.revocation) == (SERIAL, T0 + HOUR, None)
    await register.store(other.serial, b"certificate", T0, [EVENT])
    suspended = (CertificateState.SUSPENDED, Reason.CERTIFICATE_HOLD)
    await register.end(SERIAL, *suspended, T0 + SECOND, [EVENT])
    held, first = Revocation(T0 + SECOND, Reason.CERTIFICATE_HOLD), alice.number
    told = await register.moved(issuer, first, 10)
    assert [(one.serial, one.revocation) for one in told] == [("beef", None), (SERIAL, held)]
    assert await register.moved(issuer, first, 1) == told[:1]
    assert await register.last_move() == told[-1].number
    await register.resume(SERIAL, [EVENT])
    [resumed] = await register.moved(issuer, told[-1].number, 10)
    assert (resumed.serial, resumed.revocation) == (SERIAL, None)
    assert await register.moved(issuer, resumed.number, 10) == []


async def test_what_nobody_finished_is_told_as_revoked(storage: Storage) -> None:
    """Such a certificate may exist; so those who keep answers hear of it."""
    await storage.certificates.reserve(RESERVATION, T0, [EVENT])
    assert await storage.certificates.moved(RESERVATION.issuer_id, 0, 10) == []
    end = T0 + revocation.ABANDONED_AFTER
    assert await storage.certificates.abandon(end, 10) == 1
    [line] = await storage.certificates.moved(RESERVATION.issuer_id, 0, 10)
    assert line.revocation == Revocation(end, Reason.CESSATION_OF_OPERATION)
