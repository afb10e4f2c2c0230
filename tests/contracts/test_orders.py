"""The port ``Orders``: taken, leased, done once, whatever dies meanwhile."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from csc_server.storage import Storage
from pki.ports import Serial
from policies import errors
from policies.algorithms import KeyAlgorithm
from policies.audit import EventType
from policies.identity import Identifier, IdentifierScheme, Identity
from policies.orders import (
    LEASE,
    MOST_TRIES,
    POSTPONED,
    Facts,
    Order,
    OrderId,
    OrderState,
    Replaced,
    Wish,
)
from policies.revocation import CertificateState, Reason
from policies.values import AccountId, AccountState, CredentialId
from tests import build
from tests.build import ALICE, HOUR, SECOND, T0
from tests.contracts import stores
from tests.contracts.stores import CRED_ALICE
from tests.contracts.test_certificates import RESERVATION, SERIAL, issued
from tests.contracts.test_login_tries import kinds

MICROSECOND = timedelta(microseconds=1)
PORTAL = "client:portal"
PERSON = Identity(
    "RO", Identifier(IdentifierScheme.PASSPORT, "0123", "RO"), "Ștefan", "Țîrlea-Ionescu"
)
WISH = Wish(ALICE.account_id, PERSON, "signature", KeyAlgorithm.P_256, years=1)
ORDER = Order(OrderId("order-1"), WISH, OrderState.WAITING, T0, T0)
EVENT = stores.event(EventType.CERTIFICATE_ORDERED)


async def take(storage: Storage, *orders: Order) -> None:
    """The portal ordered these."""
    for order in orders or (ORDER,):
        await storage.orders.take(order, PORTAL, order.created_at, [EVENT])


async def state(storage: Storage, order_id: str = "order-1") -> OrderState:
    """Where an order stands."""
    found = await storage.orders.find(OrderId(order_id), PORTAL)
    assert found is not None
    return found.state


async def done(storage: Storage, serial: Serial = SERIAL, credential: str = "cred-new") -> None:
    """The certificate of the order is in the register, its credential with it."""
    named = CredentialId(credential)
    await storage.certificates.reserve(
        replace(RESERVATION, serial=serial, credential_id=named), T0, []
    )
    await storage.certificates.store(
        serial, b"certificate", T0, [], build.credential(credential_id=named), ORDER.order_id
    )


async def test_an_order_is_kept_as_it_came(storage: Storage, other: Storage) -> None:
    """Whole, in every process; for who ordered it, and for nobody else."""
    long = replace(ORDER, wish=replace(WISH, replaces="c0ffee", algorithm=KeyAlgorithm.RSA_4096))
    await take(storage, long)
    assert await other.orders.find(long.order_id, PORTAL) == long
    assert await other.orders.find(long.order_id, "client:another") is None
    for unknown in ("order-2", "", "\0"):
        assert await other.orders.find(OrderId(unknown), PORTAL) is None


@pytest.mark.parametrize("what", ["nobody", "suspended", "unpaired", "ready"])
async def test_what_the_rules_are_told(storage: Storage, what: str) -> None:
    """Account, authenticator and the certificate to be renewed, as they are now."""
    wish = WISH
    if what == "nobody":
        wish = replace(WISH, account_id=AccountId("nobody"))
    if what == "suspended":
        await storage.accounts.set_state(ALICE.account_id, AccountState.SUSPENDED, [])
    if what == "unpaired":
        await storage.accounts.add(stores.account("bob"), [])
        wish = replace(WISH, account_id=AccountId("bob"))
    expected = {
        "nobody": Facts(None, paired=False),
        "suspended": Facts(AccountState.SUSPENDED, paired=True),
        "unpaired": Facts(AccountState.ACTIVE, paired=False),
        "ready": Facts(AccountState.ACTIVE, paired=True),
    }
    assert await storage.orders.facts(wish) == expected[what]
    assert await storage.orders.facts(replace(wish, replaces="beef")) == expected[what]


async def test_the_certificate_to_be_renewed(storage: Storage) -> None:
    """Its owner, its state and its end."""
    await issued(storage)
    wish = replace(WISH, replaces=SERIAL)
    replaced = (await storage.orders.facts(wish)).replaced
    assert replaced == Replaced(ALICE.account_id, CertificateState.ISSUED, T0 + HOUR)
    await storage.certificates.end(SERIAL, CertificateState.REVOKED, Reason.SUPERSEDED, T0, [])
    replaced = (await storage.orders.facts(wish)).replaced
    assert replaced == Replaced(ALICE.account_id, CertificateState.REVOKED, T0 + HOUR)


RENEWAL = replace(ORDER, wish=replace(WISH, replaces=SERIAL), due_at=T0 + HOUR)
AGAIN = replace(RENEWAL, order_id=OrderId("order-2"))
OTHERWISE = replace(AGAIN, wish=replace(RENEWAL.wish, years=2))


async def test_a_certificate_is_renewed_once(storage: Storage, other: Storage) -> None:
    """The same request gets the first order; another wish or another client is refused."""
    await issued(storage)
    assert not (await storage.orders.facts(RENEWAL.wish)).renewed
    assert await storage.orders.take(RENEWAL, PORTAL, T0, [EVENT]) == RENEWAL
    assert await other.orders.take(AGAIN, PORTAL, T0, [EVENT]) == RENEWAL
    for order, source in ((OTHERWISE, PORTAL), (AGAIN, "client:another")):
        with pytest.raises(errors.RenewalOrdered):
            await other.orders.take(order, source, T0, [EVENT])
    assert await storage.orders.find(AGAIN.order_id, PORTAL) is None
    assert (await storage.orders.facts(RENEWAL.wish)).renewed
    assert await storage.orders.renewals(ALICE.account_id) == {SERIAL: T0 + HOUR}
    assert await storage.orders.renewals(AccountId("bob")) == {}


async def test_an_order_that_came_to_nothing_stops_no_other(storage: Storage) -> None:
    """Cancelled or failed; one that was issued stops them for good."""
    await issued(storage)
    await take(storage, RENEWAL)
    await storage.orders.cancel(RENEWAL.order_id, PORTAL, T0, [EVENT])
    await take(storage, OTHERWISE)
    await storage.orders.failed(OTHERWISE.order_id, "IdentityUnfit: surname", [EVENT])
    third = replace(RENEWAL, order_id=OrderId("order-3"))
    await take(storage, third)
    named = CredentialId("cred-new")
    line = replace(RESERVATION, serial=Serial("beef"), credential_id=named)
    await storage.certificates.reserve(line, T0, [])
    new = build.credential(credential_id=named)
    await storage.certificates.store(line.serial, b"new", T0, [], new, third.order_id)
    with pytest.raises(errors.RenewalOrdered):
        await take(storage, replace(OTHERWISE, order_id=OrderId("order-4")))
    assert await storage.orders.renewals(ALICE.account_id) == {}


async def test_the_oldest_that_is_due_comes_first(storage: Storage) -> None:
    """None before its day; each to one process alone."""
    later = replace(ORDER, order_id=OrderId("order-2"), due_at=T0 + SECOND)
    await take(storage, later, ORDER)
    assert await storage.orders.claim(T0 - MICROSECOND) is None
    assert await storage.orders.claim(T0) == ORDER
    assert await storage.orders.claim(T0) is None
    assert await storage.orders.claim(T0 + SECOND) == later
    assert await storage.orders.claim(T0 + SECOND) is None


async def test_one_order_two_processes(storage: Storage, other: Storage) -> None:
    """The second gets it when the first one's lease is over, not before."""
    await take(storage)
    assert await storage.orders.claim(T0) == ORDER
    assert await other.orders.claim(T0 + LEASE - MICROSECOND) is None
    assert await other.orders.claim(T0 + LEASE) == ORDER


async def test_what_is_tried_too_often_fails(storage: Storage) -> None:
    """A process died at it each time; the log says so, and the next order is worked off."""
    after = replace(ORDER, order_id=OrderId("order-2"), due_at=T0 + MOST_TRIES * LEASE)
    await take(storage, ORDER, after)
    for tries in range(MOST_TRIES):
        assert await storage.orders.claim(T0 + tries * LEASE) == ORDER
    assert await storage.orders.claim(T0 + MOST_TRIES * LEASE) == after
    found = await storage.orders.find(ORDER.order_id, PORTAL)
    assert found is not None
    assert (found.state, found.reason) == (OrderState.FAILED, f"{MOST_TRIES} tries")
    assert await kinds(storage, EventType.CERTIFICATE_GIVEN_UP) == 1


async def test_postponed_is_no_try(storage: Storage) -> None:
    """However often the device was out of order, the order is still there."""
    await take(storage)
    now = T0
    for _ in range(2 * MOST_TRIES):
        assert await storage.orders.claim(now) == ORDER
        await storage.orders.postpone(ORDER.order_id, now)
        assert await storage.orders.claim(now + POSTPONED - MICROSECOND) is None
        now += POSTPONED
    assert await storage.orders.claim(now) == ORDER


async def test_done_with_its_certificate(storage: Storage) -> None:
    """In the transaction that stores it, and once: a second certificate is not stored at all."""
    await take(storage)
    await storage.orders.claim(T0)
    await done(storage)
    found = await storage.orders.find(ORDER.order_id, PORTAL)
    assert found is not None
    assert (found.state, found.serial) == (OrderState.ISSUED, SERIAL)
    assert found.credential_id == "cred-new"
    again = Serial("beef")
    with pytest.raises(errors.OrderNotSo):
        await done(storage, again, "cred-newer")
    line = await storage.certificates.find(again)
    assert line is not None
    assert (line.state, line.certificate) == (CertificateState.RESERVED, None)
    assert await storage.credentials.find(CredentialId("cred-newer")) is None
    assert await storage.orders.claim(T0 + LEASE) is None


async def test_cancelled_while_nobody_works_at_it(storage: Storage) -> None:
    """By who ordered it; not under a lease, not when it is done, not twice."""
    await take(storage)
    for source, order_id in (("client:another", "order-1"), (PORTAL, "order-2"), (PORTAL, "\0")):
        with pytest.raises(errors.OrderUnknown):
            await storage.orders.cancel(OrderId(order_id), source, T0, [EVENT])
    await storage.orders.claim(T0)
    with pytest.raises(errors.OrderNotSo):
        await storage.orders.cancel(ORDER.order_id, PORTAL, T0 + LEASE - MICROSECOND, [EVENT])
    await storage.orders.cancel(ORDER.order_id, PORTAL, T0 + LEASE, [EVENT])
    assert await state(storage) is OrderState.CANCELLED
    with pytest.raises(errors.OrderNotSo):
        await storage.orders.cancel(ORDER.order_id, PORTAL, T0 + LEASE, [EVENT])
    assert await storage.orders.claim(T0 + LEASE) is None
    with pytest.raises(errors.OrderNotSo):
        await done(storage)


async def test_failed_is_for_good(storage: Storage) -> None:
    """With its reason; nothing is issued for it, and what is done does not fail."""
    await take(storage)
    await storage.orders.failed(ORDER.order_id, "IdentityUnfit: surname", [EVENT])
    assert await state(storage) is OrderState.FAILED
    assert await storage.orders.claim(T0 + LEASE) is None
    with pytest.raises(errors.OrderNotSo):
        await done(storage)


async def test_what_is_done_does_not_fail(storage: Storage) -> None:
    """A process that was slow and is told that it failed changes nothing."""
    await take(storage)
    await done(storage)
    await storage.orders.failed(ORDER.order_id, "too late", [EVENT])
    found = await storage.orders.find(ORDER.order_id, PORTAL)
    assert found is not None
    assert (found.state, found.reason) == (OrderState.ISSUED, None)
    assert (await storage.credentials.find(CRED_ALICE)) is not None


async def test_whose_certificate_it_was(storage: Storage) -> None:
    """Who ordered it; nobody, of one that an operator made or that does not exist."""
    await take(storage)
    await done(storage)
    await storage.certificates.reserve(replace(RESERVATION, serial=Serial("beef")), T0, [])
    assert await storage.orders.source(SERIAL) == PORTAL
    for serial in ("beef", "1", "\0"):
        assert await storage.orders.source(serial) is None
