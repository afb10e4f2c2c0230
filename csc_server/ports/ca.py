"""Who certifies people's keys: the embedded authority, or one elsewhere that is asked.

Two levels. ``CertificateAuthority`` is what enrolment needs, whoever it is; ``CaClient`` is what an
authority elsewhere can do (EJBCA: ``csc_server.adapters.ejbca``), and ``CaRequests`` remembers what
it was asked, so that a lost answer gives no second certificate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from hsm.interface import BindingClaim
from pki.ports import Registered, Reservation, Serial
from pki.profiles import Profile
from policies.audit import Event
from policies.identity import Identity
from policies.orders import OrderId
from policies.revocation import CertificateState, Reason
from policies.values import Credential


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A certificate that is wanted for a person's key."""

    profile: Profile
    person: Identity
    """As ``policies.identity.proofed`` gave it."""
    public_key: bytes
    """SubjectPublicKeyInfo, DER: out of ``request``, proven and judged."""
    request: bytes
    """PKCS#10, DER."""
    claim: BindingClaim
    lifetime: timedelta
    order_id: OrderId | None


@dataclass(frozen=True, slots=True)
class Certified:
    """A certificate that exists, and that nobody keeps yet."""

    line: Reservation
    """What the register says, or will say, of it."""
    chain: tuple[bytes, ...]
    """DER, the person's first, the root last."""


class CertificateAuthority(Protocol):
    """Certifies people's keys."""

    async def earlier(self, order_id: OrderId) -> tuple[BindingClaim, bytes] | None:
        """Key and request of an earlier try at this order whose end nobody knows.

        They are taken again, so that there is one certificate whatever became of the first try.
        """

    async def certify(self, asked: Asked) -> Certified:
        """The certificate; that it may exist is on record before it does.

        Raises:
            KeyUnfit, CertificateUnfit, AuthorityRefused: There is none that anybody may use.
            CaUnavailable, HsmError, StorageUnavailable: Nobody knows; asked again it goes on.
        """

    async def keep(
        self,
        certified: Certified,
        credential: Credential,
        order_id: OrderId | None,
        now: datetime,
        events: Sequence[Event],
    ) -> None:
        """Afterwards certificate and credential are stored and the order is done, together.

        Raises:
            OrderNotSo: The order is done or cancelled already. Nothing is stored then.
        """


class CaUnavailable(Exception):
    """The authority cannot be reached, or nobody knows what it did. Asked again later."""


@dataclass(frozen=True, slots=True)
class CaRequest:
    """What an authority elsewhere was asked, or is about to be."""

    username: str
    """Of the end entity there: one for each request, so that its certificate can be found."""
    password: str
    """Its one-time password."""
    claim: BindingClaim
    request: bytes
    """PKCS#10, DER."""
    profile: str
    order_id: OrderId | None
    begun_at: datetime


class CaRequests(Protocol):
    """Requests to an authority elsewhere, and what it was told of their certificates."""

    async def begin(self, request: CaRequest, events: Sequence[Event]) -> None:
        """Afterwards the request is on record, durably; its key belongs to it."""

    async def of_order(self, order_id: OrderId) -> CaRequest | None:
        """The request of this order that has no end yet."""

    async def adopt(
        self,
        username: str,
        line: Reservation,
        certificate: bytes,
        credential: Credential,
        order_id: OrderId | None,
        now: datetime,
        events: Sequence[Event],
    ) -> None:
        """Afterwards the certificate is in the register, with its credential; the order is done.

        Raises:
            OrderNotSo: The order is done or cancelled already. Nothing is stored then.
        """

    async def give_up(self, username: str, now: datetime) -> None:
        """Afterwards the request has ended without a certificate; its key gets a tombstone."""

    async def forgotten(self, before: datetime, limit: int) -> list[CaRequest]:
        """Requests begun before, without an end, for which no order waits; at most so many."""

    async def untold(self, after: int, limit: int) -> list[tuple[int, Registered]]:
        """Certificates in another state than their authority was told, moved after this number."""

    async def told(self, serial: Serial, state: CertificateState) -> None:
        """The authority knows this state."""


class CaClient(Protocol):
    """An authority elsewhere.

    Every method raises ``CaUnavailable`` when it cannot be reached or fails, and
    ``AuthorityRefused`` when it says no for good.
    """

    async def enrol(self, asked: Asked, username: str, password: str) -> bytes:
        """The certificate, DER, not yet looked at. Only asked when ``find`` found none."""

    async def find(self, username: str) -> list[bytes]:
        """Certificates that were issued to this end entity, DER."""

    async def revoke(self, serial: Serial, reason: Reason, at: datetime) -> None:
        """Afterwards it is revoked there; ``certificateHold`` suspends."""

    async def resume(self, serial: Serial) -> None:
        """Afterwards a suspended one is good there."""
