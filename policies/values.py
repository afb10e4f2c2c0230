"""The nouns: frozen values that rules, stores and devices share.

Bytes are raw, times are aware UTC, identifiers have types of their own. No behaviour beyond
what a value knows about itself.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final, NewType

from policies.algorithms import HashAlgorithm, KeyAlgorithm
from policies.lifecycle import OccurrenceState, SadState

AccountId = NewType("AccountId", str)
ApprovalId = NewType("ApprovalId", str)
AuthenticatorId = NewType("AuthenticatorId", str)
ClientId = NewType("ClientId", str)
CredentialId = NewType("CredentialId", str)
GrantId = NewType("GrantId", str)
OperationId = NewType("OperationId", str)
SadId = NewType("SadId", str)


class Factor(StrEnum):
    """What a signer proves in order to authorise."""

    PIN = "pin"
    OTP = "otp"
    """A code of the person's authenticator."""
    SMS = "sms"
    """A code sent to the person's phone; never without a PIN (``policies.factors``)."""


class AccountState(StrEnum):
    """May the person act at all?"""

    ACTIVE = "active"
    SUSPENDED = "suspended"


class CredentialState(StrEnum):
    """``key/status`` of credentials/info (CSC v1 11.5)."""

    ENABLED = "enabled"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who calls: the account behind an access token, and the client it was issued to."""

    account_id: AccountId
    client_id: ClientId
    grant_id: GrantId
    """The login or consent that the token came from."""
    jkt: str | None = None
    """Thumbprint of the key that the caller proved to hold (RFC 9449); ``None`` for a bearer."""


@dataclass(frozen=True, slots=True)
class ClientPrincipal:
    """Who calls when no person is behind the access token: a client in its own name."""

    client_id: ClientId
    grant_id: GrantId
    jkt: str | None = None
    """As in ``Principal``."""


@dataclass(frozen=True, slots=True)
class KeyRef:
    """Where a signing key lies. Never the key."""

    key_id: bytes
    """CKA_ID, 16 random bytes."""
    wrapped: bytes | None = None
    """The key wrapped under the HSM's wrapping key; ``None`` for a token object."""

    def digest(self) -> bytes:
        """SHA-256 that names this very reference, 32 bytes; what seals and records bind."""
        return hashlib.sha256(self.key_id + b"\0" + (self.wrapped or b"")).digest()


@dataclass(frozen=True, slots=True)
class SealedTotp:
    """A TOTP authenticator whose seed only the HSM can open."""

    authenticator_id: AuthenticatorId
    account_id: AccountId
    sealed: bytes
    """IV (12 bytes), then AES-256-GCM ciphertext and tag over the seed; the additional data
    are authenticator, account and format version (security-and-pki 5.1)."""
    last_used_step: int
    """Number of the last time step whose code was accepted; -1 before the first."""


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """What the rules need of the signing certificate."""

    subject_organization: str | None
    subject_common_name: str
    not_before: datetime
    not_after: datetime


@dataclass(frozen=True, slots=True)
class Credential:
    """CSC's unit: a key, its certificates and the rules to use it."""

    credential_id: CredentialId
    account_id: AccountId
    description: str
    key_ref: KeyRef
    key_algorithm: KeyAlgorithm
    public_key: bytes
    """SubjectPublicKeyInfo, DER."""
    certificates: tuple[bytes, ...]
    """DER, end entity first, up to and with the root; may be empty before issuance."""
    certificate: CertificateFacts | None
    """``None`` before issuance: such a credential cannot sign."""
    state: CredentialState
    factors: frozenset[Factor]
    """All of them are needed. Never empty."""
    multisign: int
    """Most signatures one authorisation may cover, at least 1."""
    authenticator_id: AuthenticatorId | None
    """The authenticator whose codes count; set exactly when ``Factor.OTP`` is needed."""
    pin_verifier: bytes | None
    """HMAC of the PIN under an HSM key; set exactly when ``Factor.PIN`` is needed."""
    binding: bytes
    """HMAC of the HSM over account, key, factors and authenticator of this credential, so
    that a changed row cannot lend a key to another account."""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One authorised hash. The same hash authorised twice is two occurrences."""

    ordinal: int
    """Position in the list the signer approved, from 0."""
    digest: bytes
    state: OccurrenceState


@dataclass(frozen=True, slots=True)
class MintedSad:
    """A SAD record as the HSM made it: proof that the factors were right for these hashes."""

    record: bytes
    """Canonical JSON (``hsm.records``)."""
    mac: bytes
    """HMAC-SHA-256 under a key that exists only in the HSM, 32 bytes."""


@dataclass(frozen=True, slots=True)
class StampedCode:
    """What is kept of a code that the HSM drew: enough for the HSM to know it again."""

    code_id: str
    expires_at: datetime
    """First instant at which it is no longer good."""
    mac: bytes
    """HMAC-SHA-256 under a key that exists only in the HSM, over the code, these two, and the
    credential it is for, 32 bytes."""


NOBODY: Final = AccountId("nobody")
"""Stands where an account is asked for that nobody has; never an identifier of an account."""


@dataclass(frozen=True, slots=True)
class PasswordVerifier:
    """What is kept of a password beside the salt: enough for the HSM to know it again."""

    version: int
    """Of the HSM's key, from 1 on. 0: no key; ``mac`` is the tag itself, as it was kept before
    there was one."""
    mac: bytes
    """HMAC-SHA-256 over the tag and the account it is for, 32 bytes."""


@dataclass(frozen=True, slots=True)
class Authorization:
    """A SAD in the store: who may use which key for which hashes, until when."""

    sad_id: SadId
    root_id: SadId
    """The SAD that the signer approved; differs from ``sad_id`` after extendTransaction."""
    account_id: AccountId
    client_id: ClientId
    credential_id: CredentialId
    hash_algorithm: HashAlgorithm
    state: SadState
    expires_at: datetime
    """First instant at which the SAD is no longer good."""
    hard_expires_at: datetime
    """No extension goes past this instant."""
    open_ordinals: frozenset[int]
    """Which occurrences of the root this SAD may sign."""
    occurrences: tuple[Occurrence, ...]
    """All occurrences of the root, by ordinal."""
    minted: MintedSad
    grant_id: GrantId | None = None
    """The grant under which it was approved: it dies with it."""
    jkt: str | None = None
    """Thumbprint of the client's key; then only who proves that key may present it."""


def utc_from_microseconds(microseconds: int) -> datetime:
    """The aware instant that lies so many microseconds after 1970-01-01T00:00Z."""
    return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=microseconds)


def microseconds_from_utc(instant: datetime) -> int:
    """Microseconds since 1970-01-01T00:00Z.

    Raises:
        ValueError: ``instant`` is naive.
    """
    if instant.tzinfo is None:
        raise ValueError("naive datetime")
    return (instant - datetime.fromtimestamp(0, UTC)) // timedelta(microseconds=1)
