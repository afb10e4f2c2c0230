"""The port ``CaRequests``: what an authority elsewhere was asked, and what it was told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from csc_server.ports.ca import CaRequest
from csc_server.storage import Storage
from hsm.interface import BindingClaim
from pki.ports import Serial
from policies import errors
from policies.audit import EventType
from policies.key_ends import KeyEnd, Tombstone
from policies.orders import OrderId, OrderState
from policies.revocation import ABANDONED_AFTER, CertificateState, Reason
from policies.values import AuthenticatorId, CredentialId, Factor, KeyRef
from tests import build
from tests.build import ALICE, HOUR, SECOND, T0
from tests.contracts import stores
from tests.contracts.test_certificates import RESERVATION, SERIAL
from tests.contracts.test_orders import ORDER, PORTAL, state, take

CLAIM = BindingClaim(
    credential_id=CredentialId("cred-new"),
    account_id=ALICE.account_id,
    key_ref=KeyRef(b"n" * 16, b"blob"),
    public_key=b"spki",
    factors=frozenset({Factor.OTP}),
    multisign=5,
    authenticator_id=AuthenticatorId("totp-alice"),
    pin_verifier=None,
)
REQUEST = CaRequest("cert-new", "once", CLAIM, b"csr", "signature", ORDER.order_id, T0)
LINE = replace(
    RESERVATION, credential_id=CLAIM.credential_id, key_id=b"n" * 16, public_key_digest=b"d" * 32
)
NEW = build.credential(credential_id=CLAIM.credential_id, key_ref=CLAIM.key_ref)
EVENT = stores.event(EventType.CERTIFICATE_ISSUED)


async def adopt(storage: Storage, **changes: Any) -> None:
    """The certificate came."""
    given: dict[str, Any] = {"line": LINE, "order_id": ORDER.order_id, **changes}
    await storage.ca_requests.adopt(
        REQUEST.username,
        given["line"],
        b"certificate",
        NEW,
        given["order_id"],
        T0 + SECOND,
        [EVENT],
    )


async def test_the_request_of_an_order(storage: Storage, other: Storage) -> None:
    """As it was begun, in every process, until it has ended; its key lives meanwhile."""
    await storage.certificates.announce(CLAIM.key_ref.key_id, T0)
    await take(storage)
    await storage.ca_requests.begin(REQUEST, [EVENT])
    assert await other.ca_requests.of_order(ORDER.order_id) == REQUEST
    assert await other.ca_requests.of_order(OrderId("order-2")) is None
    await storage.certificates.abandon(T0 + ABANDONED_AFTER, 10)
    assert await storage.tombstones.doomed(10) == []
    await adopt(storage)
    assert await other.ca_requests.of_order(ORDER.order_id) is None


async def test_everything_comes_together(storage: Storage) -> None:
    """Register, credential and order; the password goes."""
    await take(storage)
    await storage.ca_requests.begin(REQUEST, [EVENT])
    await adopt(storage)
    line = await storage.certificates.find(SERIAL)
    assert line is not None
    assert (line.state, line.certificate) == (CertificateState.ISSUED, b"certificate")
    assert await storage.credentials.find(CLAIM.credential_id) == NEW
    assert await state(storage) is OrderState.ISSUED
    assert await storage.orders.source(SERIAL) == PORTAL


async def test_nothing_comes_for_an_order_that_is_over(storage: Storage) -> None:
    """Cancelled meanwhile: neither certificate nor credential; the request is left over."""
    await take(storage)
    await storage.ca_requests.begin(REQUEST, [EVENT])
    assert await storage.ca_requests.forgotten(T0, 10) == [], "its order waits"
    await storage.orders.cancel(ORDER.order_id, PORTAL, T0, [])
    with pytest.raises(errors.OrderNotSo):
        await adopt(storage)
    assert await storage.certificates.find(SERIAL) is None
    assert await storage.credentials.find(CLAIM.credential_id) is None
    assert await storage.ca_requests.forgotten(T0 - SECOND, 10) == []
    assert await storage.ca_requests.forgotten(T0, 10) == [REQUEST]


async def test_a_key_that_is_certified_already(storage: Storage) -> None:
    """Is not certified again, wherever."""
    await storage.certificates.reserve(replace(LINE, serial=Serial("beef")), T0, [])
    await storage.ca_requests.begin(replace(REQUEST, order_id=None), [EVENT])
    with pytest.raises(errors.KeyUnfit):
        await adopt(storage, order_id=None)


async def test_given_up(storage: Storage) -> None:
    """With a tombstone for the key, once."""
    await storage.ca_requests.begin(replace(REQUEST, order_id=None), [EVENT])
    for later in (T0, T0 + HOUR):
        await storage.ca_requests.give_up(REQUEST.username, later)
    assert await storage.ca_requests.forgotten(T0 + HOUR, 10) == []
    dead = Tombstone(CLAIM.key_ref.key_id, b"", KeyEnd.ABANDONED, T0)
    assert await storage.tombstones.doomed(10) == [dead]
    await storage.ca_requests.give_up("cert-unknown", T0)


async def test_what_the_authority_has_to_be_told(storage: Storage) -> None:
    """Each change until it was told; of its own certificates alone."""
    await storage.certificates.reserve(replace(RESERVATION, serial=Serial("beef")), T0, [])
    await storage.certificates.store(Serial("beef"), b"ours", T0, [])
    await storage.ca_requests.begin(replace(REQUEST, order_id=None), [EVENT])
    await adopt(storage, order_id=None)
    assert await storage.ca_requests.untold(0, 10) == []
    hold = (CertificateState.SUSPENDED, Reason.CERTIFICATE_HOLD)
    for serial in (SERIAL, Serial("beef")):
        await storage.certificates.end(serial, *hold, T0, [])
    [(number, line)] = await storage.ca_requests.untold(0, 10)
    assert (line.serial, line.state) == (SERIAL, CertificateState.SUSPENDED)
    assert await storage.ca_requests.untold(number, 10) == []
    await storage.ca_requests.told(SERIAL, CertificateState.SUSPENDED)
    assert await storage.ca_requests.untold(0, 10) == []
    await storage.certificates.resume(SERIAL, [])
    [(again, line)] = await storage.ca_requests.untold(number, 10)
    assert again > number
    assert line.revocation is None
