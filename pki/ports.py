"""What the authority needs of the world: the register of what it issued.

The register is kept where credentials are, in one database: a key is disabled and its certificate
revoked in one transaction. Adapter: ``csc_server.storage.certificates``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NewType, Protocol

from policies.audit import Event
from policies.orders import OrderId
from policies.revocation import CertificateState, Revocation
from policies.values import AccountId, Credential, CredentialId

Serial = NewType("Serial", str)
"""Serial number in lower-case hexadecimal digits, without leading zeros."""


def serial(number: int) -> Serial:
    """How the register writes a serial number."""
    return Serial(f"{number:x}")


@dataclass(frozen=True, slots=True)
class Reservation:
    """A certificate that is about to be signed."""

    serial: Serial
    issuer_id: str
    """SHA-256 of the issuer's public key, hexadecimal."""
    profile: str
    tbs: bytes
    """The very bytes that will be signed."""
    not_before: datetime
    not_after: datetime
    account_id: AccountId | None
    """``None``: of a service."""
    credential_id: CredentialId | None
    key_id: bytes | None = None
    """CKA_ID of a person's key: it dies if nobody finishes this. ``None``: of a service."""
    public_key_digest: bytes | None = None
    """SHA-256 of its SubjectPublicKeyInfo."""


@dataclass(frozen=True, slots=True)
class Registered:
    """A line of the register."""

    serial: Serial
    issuer_id: str
    profile: str
    state: CertificateState
    certificate: bytes | None
    """DER; ``None`` while it is reserved, or when it was abandoned."""
    not_before: datetime
    not_after: datetime
    account_id: AccountId | None
    credential_id: CredentialId | None
    revocation: Revocation | None
    """Set exactly while suspended or revoked."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What the register says of a certificate, and when it came to say so."""

    number: int
    """Counts up with each change of any line; a line has the number of its last."""
    serial: Serial
    not_after: datetime
    revocation: Revocation | None


class StatusRegister(Protocol):
    """What those who tell status ask the register."""

    async def find(self, serial: Serial) -> Registered | None:
        """The line of this serial number."""

    async def moved(self, issuer_id: str, after: int, limit: int) -> list[Moved]:
        """What an issuer's lines say now that moved after this number, in the order they did.

        From 0 on it is everything that was issued; what is only reserved is left out.
        """

    async def last_move(self) -> int:
        """The highest number so far: one that falls belongs to an older database."""


class Register(StatusRegister, Protocol):
    """Every certificate that an authority of ours signed or was about to sign."""

    async def announce(self, key_id: bytes, now: datetime) -> None:
        """Afterwards a key of this name dies unless a reservation names it in time.

        Called before the key is made, so that there is never one without a record.
        """

    async def reserve(
        self, reservation: Reservation, now: datetime, events: Sequence[Event]
    ) -> None:
        """Afterwards the serial number is taken and the intent is on record, durably.

        Raises:
            SerialTaken: It was used before.
            KeyUnfit: There is a certificate for this key already, or was to be one.
        """

    async def store(
        self,
        serial: Serial,
        certificate: bytes,
        now: datetime,
        events: Sequence[Event],
        credential: Credential | None = None,
        order_id: OrderId | None = None,
    ) -> None:
        """Afterwards the certificate is issued, its credential exists, and its order is done.

        Args:
            credential: The person's; ``None`` for a certificate of a service.
            order_id: The order that it was made for, if there was one.

        Raises:
            CertificateNotSo: It is not reserved.
            OrderNotSo: The order is done or cancelled already. Nothing is stored then.
        """

    async def of_account(self, account_id: AccountId) -> list[Registered]:
        """The account's certificates, the oldest first."""

    async def abandon(self, now: datetime, limit: int) -> int:
        """Count reservations that nobody finished as revoked, at most so many; how many.

        Their keys get tombstones in the same transaction, and so do announced ones that no
        reservation named in time.
        """

    async def not_good(self, issuer_id: str) -> list[Registered]:
        """What belongs on the issuer's CRL, by serial number."""

    async def next_crl_number(
        self, issuer_id: str, now: datetime, published: int | None = None
    ) -> int:
        """A number greater than that of every list before, durably (``status.crl_number``).

        Args:
            published: Of the list that everybody can fetch now.
        """


class SerialTaken(Exception):
    """The serial number was used before."""


class KnownKeys(Protocol):
    """Keys that were certified before."""

    async def rsa_keys(self, after: int, limit: int) -> list[tuple[int, bytes]]:
        """Positions and SubjectPublicKeyInfos (DER) of RSA keys after a position, in order."""
