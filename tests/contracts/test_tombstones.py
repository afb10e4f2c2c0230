"""The port ``Tombstones``: keys whose time is over, and what is remembered of them."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta

import pytest

from csc_server.ports import SadAlreadyUsed
from csc_server.storage import Storage
from pki.ports import Serial
from policies import errors
from policies.audit import EventType
from policies.key_ends import GRACE, DyingCertificate, DyingKey, KeyEnd, Tombstone
from policies.messages import MessageKind
from policies.orders import OrderState
from policies.revocation import ABANDONED_AFTER, CertificateState, Reason
from policies.values import Credential, CredentialId, CredentialState, KeyRef
from tests import build
from tests.build import ALICE, DIGEST_A, HOUR, SECOND, T0
from tests.contracts import stores
from tests.contracts.stores import CRED_ALICE
from tests.contracts.test_certificates import RESERVATION, SERIAL, issued
from tests.contracts.test_messages import claim, mail
from tests.contracts.test_orders import ORDER, WISH

END = T0 + HOUR
"""notAfter of Alice's certificate."""
MICROSECOND = timedelta(microseconds=1)
KEY_OF_ALICE = b"k" * 16
DIGEST = hashlib.sha256(b"spki").digest()
TOMBSTONE = Tombstone(KEY_OF_ALICE, DIGEST, KeyEnd.EXPIRED, END)
BURIED = stores.event(EventType.KEY_BURIED)
DESTROYED = stores.event(EventType.KEY_DESTROYED)


async def alice(storage: Storage) -> Credential:
    """Her credential as it is now."""
    found = await storage.credentials.find(CRED_ALICE)
    assert found is not None
    return found


async def bury(storage: Storage) -> None:
    """Alice's key is dead."""
    [key] = await storage.tombstones.due(END + SECOND, 10)
    await storage.tombstones.bury(key, TOMBSTONE, [BURIED])


async def test_due_after_the_last_instant(storage: Storage) -> None:
    """Not at notAfter, which belongs to the validity; the microsecond after."""
    assert await storage.tombstones.due(END, 10) == []
    [key] = await storage.tombstones.due(END + MICROSECOND, 10)
    assert key == DyingKey(CRED_ALICE, KEY_OF_ALICE, b"spki", None)
    assert await storage.tombstones.due(END + MICROSECOND, 0) == []


async def test_a_revoked_key_is_due_after_its_grace(storage: Storage) -> None:
    """A day after the revocation, or at notAfter if that is sooner."""
    long = build.credential(
        credential_id=CredentialId("long"), key_ref=KeyRef(b"l" * 16), certificate=None
    )
    facts = replace(build.credential().certificate, not_after=T0 + 10 * GRACE)  # type: ignore[type-var]  # it has one
    long = replace(long, certificate=facts)
    await storage.certificates.reserve(
        replace(RESERVATION, credential_id=long.credential_id, not_after=T0 + 10 * GRACE), T0, []
    )
    await storage.certificates.store(SERIAL, b"certificate", T0, [], long)
    await storage.certificates.end(
        SERIAL, CertificateState.SUSPENDED, Reason.CERTIFICATE_HOLD, T0, []
    )
    assert long.key_ref.key_id not in {
        key.key_id for key in await storage.tombstones.due(T0 + 10 * GRACE, 10)
    }, "a suspended one may be resumed until its end"
    await storage.certificates.end(SERIAL, CertificateState.REVOKED, Reason.SUPERSEDED, T0, [])
    told = DyingCertificate(
        SERIAL, ALICE.account_id, CertificateState.REVOKED, T0 + 10 * GRACE, replaced=False
    )
    expected = DyingKey(long.credential_id, b"l" * 16, b"spki", told)
    assert expected not in await storage.tombstones.due(T0 + GRACE, 10)
    assert expected in await storage.tombstones.due(T0 + GRACE + MICROSECOND, 10)
    assert expected.cause is KeyEnd.REVOKED


@pytest.mark.parametrize("state", [None, OrderState.WAITING, OrderState.ISSUED])
async def test_whether_another_was_issued_in_its_place(
    storage: Storage, state: OrderState | None
) -> None:
    """By an order that renews it and was worked off; one that still waits counts for nothing."""
    await issued(storage)
    if state is not None:
        wish = replace(WISH, replaces=SERIAL)
        await storage.orders.take(replace(ORDER, wish=wish), "client:portal", T0, [])
    if state is OrderState.ISSUED:
        new = build.credential(credential_id=CredentialId("new"), key_ref=KeyRef(b"n" * 16))
        line = replace(RESERVATION, serial=Serial("beef"), credential_id=new.credential_id)
        await storage.certificates.reserve(line, T0, [])
        await storage.certificates.store(line.serial, b"new", T0, [], new, ORDER.order_id)
    due = await storage.tombstones.due(END + SECOND, 10)
    [old] = [key for key in due if key.key_id == KEY_OF_ALICE]
    assert old.certificate is not None
    assert old.certificate.serial == SERIAL
    assert old.certificate.replaced is (state is OrderState.ISSUED)


async def test_the_mail_comes_with_the_burial(storage: Storage) -> None:
    """In its transaction, so once, however many processes find the key."""
    [key] = await storage.tombstones.due(END + SECOND, 10)
    for name in ("one", "two"):
        letter = mail(name, kind=MessageKind.PASSWORD_CHANGED, facts={"name": "Ana"})
        await storage.tombstones.bury(key, TOMBSTONE, [BURIED], [letter])
    assert [one.message.message_id for one in await claim(storage)] == ["one"]


async def test_a_buried_key_signs_nothing(storage: Storage) -> None:
    """Disabled with its open SADs, its blob gone, never enabled again."""
    await storage.tombstones.bury(
        DyingKey(CRED_ALICE, KEY_OF_ALICE, b"spki", None),
        TOMBSTONE,
        [BURIED],
    )
    assert (await alice(storage)).state is CredentialState.DISABLED
    with pytest.raises(errors.CertificateNotSo):
        await storage.credentials.set_state(CRED_ALICE, CredentialState.ENABLED, [])
    assert await storage.tombstones.due(END + SECOND, 10) == []


async def test_open_sads_end_with_the_key(storage: Storage) -> None:
    """A permit from before reserves nothing afterwards."""
    await stores.issue(storage, "sad", DIGEST_A)
    permit = await stores.permit(storage, "sad", DIGEST_A)
    await bury(storage)
    with pytest.raises(SadAlreadyUsed):
        await stores.reserve(storage, permit, "late")


async def test_a_blob_is_deleted(storage: Storage) -> None:
    """The key of a wrapped store dies with its row's blob."""
    wrapped = build.credential(
        credential_id=CredentialId("wrapped"), key_ref=KeyRef(b"w" * 16, b"blob")
    )
    await storage.credentials.add(wrapped, T0, [])
    for key in await storage.tombstones.due(END + SECOND, 10):
        tombstone = replace(TOMBSTONE, key_id=key.key_id)
        await storage.tombstones.bury(key, tombstone, [BURIED])
    found = await storage.credentials.find(wrapped.credential_id)
    assert found is not None
    assert found.key_ref == KeyRef(b"w" * 16, None)


async def test_doomed_until_the_device_says_so(storage: Storage) -> None:
    """Burying and destroying twice changes nothing the second time."""
    await bury(storage)
    assert await storage.tombstones.doomed(10) == [TOMBSTONE]
    later = replace(TOMBSTONE, buried_at=END + HOUR)
    dying = DyingKey(CRED_ALICE, KEY_OF_ALICE, b"spki", None)
    await storage.tombstones.bury(dying, later, [BURIED])
    assert await storage.tombstones.doomed(10) == [TOMBSTONE]
    for _ in range(2):
        await storage.tombstones.destroyed(KEY_OF_ALICE, END, [DESTROYED])
    assert await storage.tombstones.doomed(10) == []
    assert [one for _, one in await storage.tombstones.after(0, 10)] == [TOMBSTONE]


async def test_tombstones_come_in_order(storage: Storage) -> None:
    """In pieces, each after the position of the last one."""
    lost = [replace(TOMBSTONE, key_id=bytes([number]) * 16) for number in (9, 3, 7)]
    assert await storage.tombstones.restore(lost, [DESTROYED]) == 3
    first = await storage.tombstones.after(0, 2)
    rest = await storage.tombstones.after(first[-1][0], 2)
    assert [one for _, one in first + rest] == lost
    assert await storage.tombstones.after(rest[-1][0], 2) == []


async def test_what_was_lost_is_put_back(storage: Storage) -> None:
    """An old database learns again which keys are dead; the device is asked again."""
    assert await storage.tombstones.restore([TOMBSTONE], [DESTROYED]) == 1
    assert await storage.tombstones.restore([TOMBSTONE], [DESTROYED]) == 0
    assert (await alice(storage)).state is CredentialState.DISABLED
    assert await storage.tombstones.doomed(10) == [TOMBSTONE]


async def test_the_key_of_a_dead_process_dies(storage: Storage) -> None:
    """A reservation that is abandoned takes the key with it that was made for it."""
    made = replace(RESERVATION, key_id=b"o" * 16, public_key_digest=DIGEST)
    await storage.certificates.reserve(made, T0, [])
    now = T0 + ABANDONED_AFTER
    assert await storage.certificates.abandon(now, 10) == 1
    orphan = Tombstone(b"o" * 16, DIGEST, KeyEnd.ABANDONED, now)
    assert await storage.tombstones.doomed(10) == [orphan]


async def test_a_key_that_no_reservation_named_dies(storage: Storage) -> None:
    """Whoever made it died before anything was reserved; one that was named lives on."""
    await storage.certificates.announce(b"o" * 16, T0)
    await storage.certificates.announce(b"n" * 16, T0)
    named = replace(RESERVATION, key_id=b"n" * 16, public_key_digest=DIGEST)
    await storage.certificates.reserve(named, T0 + SECOND, [])
    now = T0 + ABANDONED_AFTER
    await storage.certificates.abandon(now - MICROSECOND, 10)
    assert await storage.tombstones.doomed(10) == []
    for _ in range(2):
        await storage.certificates.abandon(now, 10)
    assert await storage.tombstones.doomed(10) == [Tombstone(b"o" * 16, b"", KeyEnd.ABANDONED, now)]


@pytest.mark.parametrize("to", [CertificateState.SUSPENDED, CertificateState.REVOKED])
async def test_no_key_is_enabled_against_its_certificate(
    storage: Storage, to: CertificateState
) -> None:
    """An operator who enables the key of a revoked or suspended certificate is refused."""
    await issued(storage)
    why = Reason.CERTIFICATE_HOLD if to is CertificateState.SUSPENDED else Reason.SUPERSEDED
    await storage.certificates.end(SERIAL, to, why, T0, [])
    with pytest.raises(errors.CertificateNotSo):
        await storage.credentials.set_state(CRED_ALICE, CredentialState.ENABLED, [])
    assert (await alice(storage)).state is CredentialState.DISABLED


async def test_resuming_wakes_no_dead_key(storage: Storage) -> None:
    """A certificate that ran out while it was suspended is resumed without its key."""
    await issued(storage)
    hold = (CertificateState.SUSPENDED, Reason.CERTIFICATE_HOLD)
    await storage.certificates.end(SERIAL, *hold, T0, [])
    await bury(storage)
    await storage.certificates.resume(SERIAL, [])
    assert (await alice(storage)).state is CredentialState.DISABLED


async def test_a_disabled_key_has_no_open_sads(storage: Storage) -> None:
    """An operator's `credential disable` ends them in the same transaction."""
    await stores.issue(storage, "sad", DIGEST_A)
    permit = await stores.permit(storage, "sad", DIGEST_A)
    await storage.credentials.set_state(CRED_ALICE, CredentialState.DISABLED, [])
    with pytest.raises(SadAlreadyUsed):
        await stores.reserve(storage, permit, "late")
