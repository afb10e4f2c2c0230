"""Which orders of certificates are taken, and when they are due."""

from __future__ import annotations

from dataclasses import replace

import pytest

from policies import errors, orders
from policies.algorithms import KeyAlgorithm
from policies.identity import Identifier, IdentifierScheme, Identity
from policies.orders import REKEY_BEFORE, Facts, Order, OrderId, OrderState, Replaced, Wish
from policies.revocation import CertificateState
from policies.values import AccountId, AccountState
from tests.build import ALICE, HOUR, SECOND, T0

OFFERED = frozenset({"signature"})
ION = Identity("RO", Identifier(IdentifierScheme.OPAQUE, "1"), surname="Popescu ")
WISH = Wish(ALICE.account_id, ION, "signature", KeyAlgorithm.P_256, 1)
RENEWAL = replace(WISH, replaces="c0ffee")
END = T0 + REKEY_BEFORE + HOUR
OLD = Replaced(ALICE.account_id, CertificateState.ISSUED, END)
READY = Facts(AccountState.ACTIVE, paired=True, replaced=OLD)


def test_a_first_certificate_is_due_at_once() -> None:
    """What is kept is the tidy identity."""
    kept, due_at = orders.admit(WISH, READY, OFFERED, T0)
    assert due_at == T0
    assert kept == replace(WISH, person=replace(ION, surname="Popescu"))


def test_a_renewal_is_due_three_days_before_the_end() -> None:
    """J2.5; a second before that instant it can still be ordered."""
    _, due_at = orders.admit(RENEWAL, READY, OFFERED, T0)
    assert due_at == END - REKEY_BEFORE
    orders.admit(RENEWAL, READY, OFFERED, due_at - SECOND)
    for late in (due_at, END, END + HOUR):
        with pytest.raises(errors.RekeyTooLate):
            orders.admit(RENEWAL, READY, OFFERED, late)
        with pytest.raises(errors.RenewalOrdered):
            orders.admit(RENEWAL, replace(READY, renewed=True), OFFERED, late)


def test_a_second_order_is_the_first_or_none() -> None:
    """The same wish from the same client, to the last field."""
    first = Order(OrderId("first"), RENEWAL, OrderState.WAITING, T0, T0)
    assert orders.admit_renewal(RENEWAL, "client:a", first, "client:a") is first
    for wish, source in ((replace(RENEWAL, years=2), "client:a"), (RENEWAL, "client:b")):
        with pytest.raises(errors.RenewalOrdered):
            orders.admit_renewal(wish, source, first, "client:a")


@pytest.mark.parametrize(
    ("wish", "facts", "reason"),
    [
        (WISH, replace(READY, account=None), errors.LinkInvalid),
        (WISH, replace(READY, account=AccountState.SUSPENDED), errors.AccountSuspended),
        (WISH, replace(READY, paired=False), errors.AuthenticatorNotReady),
        (RENEWAL, replace(READY, replaced=None), errors.CertificateUnknown),
        (
            RENEWAL,
            replace(READY, replaced=replace(OLD, account_id=AccountId("bob"))),
            errors.CertificateUnknown,
        ),
        (
            RENEWAL,
            replace(READY, replaced=replace(OLD, state=CertificateState.SUSPENDED)),
            errors.CertificateNotSo,
        ),
        (
            RENEWAL,
            replace(READY, replaced=replace(OLD, state=CertificateState.REVOKED)),
            errors.CertificateNotSo,
        ),
    ],
)
def test_refused_when_ordered_and_when_due(
    wish: Wish, facts: Facts, reason: type[errors.Refused]
) -> None:
    """What stands against an order may also have come up since it was taken."""
    with pytest.raises(reason):
        orders.admit(wish, facts, OFFERED, T0)
    with pytest.raises(reason):
        orders.still_fit(wish, facts)


@pytest.mark.parametrize(
    ("wish", "reason"),
    [
        (replace(WISH, profile="qualified"), errors.ProfileUnknown),
        (replace(WISH, years=0), errors.YearsUnfit),
        (replace(WISH, years=4), errors.YearsUnfit),
        (replace(WISH, person=replace(ION, surname="")), errors.IdentityUnfit),
    ],
)
def test_not_on_offer(wish: Wish, reason: type[errors.Refused]) -> None:
    """Profiles and packages that are not offered, people who cannot be named."""
    with pytest.raises(reason):
        orders.admit(wish, READY, OFFERED, T0)


def test_the_end_of_the_old_one_does_not_stop_what_was_ordered_in_time() -> None:
    """A worker that is late still issues: the person ordered and paid in time."""
    orders.still_fit(RENEWAL, READY)
