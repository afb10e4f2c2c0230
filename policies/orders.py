"""Orders of certificates: which are taken, when they are due, what becomes of them.

An order comes from whoever proofed the person (the portal, an operator); the authority works it
off by itself. Numbers: journeys J1.12, J2.1, J2.5 and J3; security-and-pki 1.5: a key is made only
when identity and authenticator are in place.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NewType

from policies import errors, identity
from policies.algorithms import KeyAlgorithm
from policies.identity import Identity
from policies.revocation import CertificateState
from policies.values import AccountId, AccountState

OrderId = NewType("OrderId", str)

REKEY_BEFORE: Final = timedelta(days=3)
"""J2.5: the new certificate is issued so long before the old one ends; J2.1: then it is too late
to order it."""
YEARS: Final = (1, 2, 3)
"""The packages of the journeys."""
LEASE: Final = timedelta(minutes=2)
"""How long one process may work at an order before another takes it: an RSA-4096 key takes
seconds."""
POSTPONED: Final = timedelta(minutes=1)
"""How long an order waits for a device or an authority that is out of order."""
MOST_TRIES: Final = 5
"""After so many processes died at it, an order has failed."""


class OrderState(StrEnum):
    """Where an order stands."""

    WAITING = "waiting"
    """Not due, or not worked off yet."""
    ISSUED = "issued"
    FAILED = "failed"
    CANCELLED = "cancelled"


STANDING: Final = (OrderState.WAITING, OrderState.ISSUED)
"""An order in one of these states is the only one that renews its certificate."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is ordered."""

    account_id: AccountId
    person: Identity
    profile: str
    """Name of one of ``pki.profiles.FOR_PEOPLE``."""
    algorithm: KeyAlgorithm
    years: int
    replaces: str | None = None
    """Serial number of the certificate that is renewed: due before its end, with a new key."""


@dataclass(frozen=True, slots=True)
class Replaced:
    """The certificate that an order renews."""

    account_id: AccountId | None
    state: CertificateState
    not_after: datetime


@dataclass(frozen=True, slots=True)
class Facts:
    """What the store knows when an order comes."""

    account: AccountState | None
    """``None``: no such account."""
    paired: bool
    """An authenticator is in place."""
    replaced: Replaced | None = None
    """``None`` also when there is no such certificate."""
    renewed: bool = False
    """An order stands that renews it."""


@dataclass(frozen=True, slots=True)
class Order:
    """An order that was taken."""

    order_id: OrderId
    wish: Wish
    state: OrderState
    due_at: datetime
    created_at: datetime
    credential_id: str | None = None
    """Set once it is issued."""
    serial: str | None = None
    reason: str | None = None
    """Why it failed: the field or the finding, nothing of the person."""


def admit(
    wish: Wish, facts: Facts, offered: frozenset[str], now: datetime
) -> tuple[Wish, datetime]:
    """The order as it is kept, and when it is due.

    Args:
        offered: Names of the profiles that may be ordered here.

    Raises:
        LinkInvalid: No such account.
        AccountSuspended: It may not get a certificate now.
        AuthenticatorNotReady: Nothing is paired that could authorise the key.
        ProfileUnknown, YearsUnfit: Not on offer.
        IdentityUnfit: See ``policies.identity``.
        CertificateUnknown: The one to be renewed is not the account's.
        CertificateNotSo: It is not in force.
        RenewalOrdered: That is late because it was renewed in time.
        RekeyTooLate: It ends within three days, or has ended.
    """
    _ready(facts)
    if wish.profile not in offered:
        raise errors.ProfileUnknown(wish.profile)
    if wish.years not in YEARS:
        raise errors.YearsUnfit(str(wish.years))
    tidy = Wish(
        account_id=wish.account_id,
        person=identity.proofed(wish.person),
        profile=wish.profile,
        algorithm=wish.algorithm,
        years=wish.years,
        replaces=wish.replaces,
    )
    return tidy, now if wish.replaces is None else _rekey_at(wish, facts, now)


def admit_renewal(wish: Wish, source: str, first: Order, first_source: str) -> Order:
    """What a second order to renew a certificate is answered with: the first, asked once more.

    Raises:
        RenewalOrdered: The second wants something else, or comes from somebody else.
    """
    if (wish, source) != (first.wish, first_source):
        raise errors.RenewalOrdered(f"by order {first.order_id}")
    return first


def still_fit(wish: Wish, facts: Facts) -> None:
    """Return if the order may be worked off now: much can have happened since it was taken.

    Raises:
        LinkInvalid, AccountSuspended, AuthenticatorNotReady, CertificateUnknown,
        CertificateNotSo: As for ``admit``.
    """
    _ready(facts)
    if wish.replaces is not None:
        _in_force(wish, facts.replaced)


def _ready(facts: Facts) -> None:
    if facts.account is None:
        raise errors.LinkInvalid("no such account")
    if facts.account is not AccountState.ACTIVE:
        raise errors.AccountSuspended(facts.account)
    if not facts.paired:
        raise errors.AuthenticatorNotReady("no authenticator is paired")


def _in_force(wish: Wish, replaced: Replaced | None) -> Replaced:
    if replaced is None or replaced.account_id != wish.account_id:
        raise errors.CertificateUnknown("to be renewed")
    if replaced.state is not CertificateState.ISSUED:
        raise errors.CertificateNotSo(f"renewal of one that is {replaced.state}")
    return replaced


def _rekey_at(wish: Wish, facts: Facts, now: datetime) -> datetime:
    due_at = _in_force(wish, facts.replaced).not_after - REKEY_BEFORE
    if now >= due_at:
        if facts.renewed:
            raise errors.RenewalOrdered("in time")
        raise errors.RekeyTooLate(due_at.isoformat())
    return due_at
