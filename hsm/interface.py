"""The port to the signing device: what the service may ask of the keys.

Three roles, three ports. ``SigningDevice`` serves requests: it checks factors, mints SADs and
redeems permits. ``Enrolment`` makes seeds. ``KeyAdministration`` creates keys and bindings; the
process that answers requests does not have it. ``PasswordDevice`` is beside them: passwords sign
nothing. Implementation of all: ``hsm.pool``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from policies.algorithms import KeyAlgorithm, SignAlgorithm
from policies.authorize import Extension, FactorCheck
from policies.documents import DocumentPermit, PreparedPdf
from policies.secret import Code, Otp, PasswordTag, Pin, TotpSeed
from policies.sign import SigningPermit
from policies.values import (
    AccountId,
    AuthenticatorId,
    Credential,
    CredentialId,
    Factor,
    KeyRef,
    MintedSad,
    PasswordVerifier,
    SadId,
    SealedTotp,
    StampedCode,
)

AUDIT_KEY: Final = "audit"
"""Name of the service key that signs the audit log's checkpoints."""


@dataclass(frozen=True, slots=True)
class FactorResult:
    """What the activation module found."""

    wrong: frozenset[Factor]
    """Factors that do not match; empty when all are right."""
    totp_step: int | None
    """The acceptable time step that has the code; ``None`` when no code was needed or none
    matched."""
    minted: MintedSad | None
    """Set exactly when ``wrong`` is empty."""


@dataclass(frozen=True, slots=True)
class TotpProof:
    """What the activation module found of a code that is to prove a new seed."""

    step: int | None
    """The acceptable time step whose code this is; ``None`` for a wrong code."""
    near: int | None
    """Of a fresh seed: the step within ``second_factor.SKEW_STEPS`` whose code this is."""


@dataclass(frozen=True, slots=True)
class PasswordCheck:
    """What the device found of a password."""

    right: bool
    renewed: PasswordVerifier | None
    """Of a right one: what is to be kept from now on, when its key is not the newest."""


@dataclass(frozen=True, slots=True)
class DrawnCode:
    """A code that the device drew, to be sent to its owner and forgotten here."""

    code: Code
    stamped: StampedCode


@dataclass(frozen=True, slots=True)
class DocumentSignature:
    """A signature over attributes that the signer process built."""

    attributes: bytes
    """DER of the SET OF signed attributes (RFC 5652 5.4)."""
    signature: bytes
    """Signature value over them."""
    pdf: PreparedPdf | None
    """Set when the order held a document to be prepared."""


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key pair that was generated in the device."""

    key_ref: KeyRef
    public_key: bytes
    """SubjectPublicKeyInfo, DER."""
    request: bytes
    """PKCS#10, DER: proof that the device can sign with it; names nobody."""


@dataclass(frozen=True, slots=True)
class BindingClaim:
    """Everything about a credential that the activation module relies on."""

    credential_id: CredentialId
    account_id: AccountId
    key_ref: KeyRef
    public_key: bytes
    factors: frozenset[Factor]
    multisign: int
    authenticator_id: AuthenticatorId | None
    pin_verifier: bytes | None


@dataclass(frozen=True, slots=True)
class DeviceHealth:
    """How the device is, without asking it."""

    alive: int
    """Signer processes that are up and logged in."""
    wanted: int
    queued: int
    """Calls waiting for a process."""
    last_canary_at: datetime | None
    """When a real signature last verified."""
    restarts: int
    """Signer processes replaced since start."""


class SigningDevice(Protocol):
    """What answers requests.

    Every method raises ``Busy`` when the queue is full, ``Broken`` when the device cannot work,
    ``Rejected`` when a binding, seal or record does not hold.
    """

    async def authorize(
        self, check: FactorCheck, sad_id: SadId, expires_at: datetime, hard_expires_at: datetime
    ) -> FactorResult:
        """Check the factors; if all are right, mint the SAD record for exactly these hashes."""

    async def extend(self, extension: Extension, sad_id: SadId) -> MintedSad:
        """Mint the next record of a transaction from the one before."""

    async def sign(self, permit: SigningPermit) -> list[bytes]:
        """One signature value per digest, in order; the permit is redeemed here, once.

        RSA: modulus length. ECDSA: DER ``ECDSA-Sig-Value``.

        Raises:
            KeyGone: The key is not in the device.
            Ambiguous: A signature may have been made and lost.
        """

    async def check_otp(self, authenticator: SealedTotp, otp: Otp) -> int | None:
        """The acceptable time step whose code this is; ``None`` for a wrong code.

        Authorises nothing. That a step counts once is the store's part.
        """

    async def draw_code(
        self, credential: Credential, code_id: str, expires_at: datetime
    ) -> DrawnCode:
        """A code by SMS for a credential that asks for one, good until ``expires_at``.

        Authorises nothing by itself: ``authorize`` wants the PIN beside it.
        """

    async def sign_documents(self, permit: DocumentPermit) -> list[DocumentSignature]:
        """One signature per document, in order; the permit is redeemed here, once.

        Raises:
            DocumentUnfit, EnvelopeInvalid: A PDF cannot be signed like this. Nothing was signed.
            KeyGone: The key is not in the device.
            Ambiguous: A signature may have been made and lost.
        """

    async def checkpoint(self, statement: bytes) -> bytes:
        """Signature of the audit key (P-256, SHA-256, DER) over an audit checkpoint."""

    def health(self) -> DeviceHealth:
        """The last known state, without waiting."""


class PasswordDevice(Protocol):
    """The keyed step after a password's hash. Raises as ``SigningDevice`` does."""

    async def check_password(
        self, account_id: AccountId, tag: PasswordTag, verifier: PasswordVerifier | None
    ) -> PasswordCheck:
        """Is it the account's password? ``None``, there is nothing to match, costs the same.

        Authorises nothing, and counts nothing: whoever is far away must not lock the owner out.
        """

    async def stamp_password(self, account_id: AccountId, tag: PasswordTag) -> PasswordVerifier:
        """What is to be kept of a new password of this account, by the newest key."""


class Enrolment(Protocol):
    """What pairing an authenticator needs. Raises as ``SigningDevice`` does."""

    async def new_totp(
        self, authenticator_id: AuthenticatorId, account_id: AccountId
    ) -> tuple[bytes, TotpSeed]:
        """A new seed: sealed for the store, and in Base32 to be shown once.

        Its codes log in at once, and sign when the cooling-off is over (``policies.totp``).
        """

    async def prove_totp(self, authenticator: SealedTotp, otp: Otp) -> TotpProof:
        """Check the first code of a new seed, and how wrong the phone's clock is.

        The second is told of a seed made within ``second_factor.PENDING_LIFE`` only.
        """


class KeyAdministration(Enrolment, Protocol):
    """What operators and the issuing of certificates need."""

    async def initialise(self) -> None:
        """Afterwards all service keys and canary keys exist. Idempotent."""

    async def new_password_key(self) -> int:
        """Afterwards there is one more key for passwords; its version.

        Processes that run use it from their next start on.
        """

    async def generate_key(self, algorithm: KeyAlgorithm, key_id: bytes | None = None) -> NewKey:
        """A new signer's key, sensitive and never extractable.

        Args:
            key_id: 16 random bytes that the caller wrote down, so that a key is never without a
                record; ``None``: the token draws one.
        """

    async def destroy_key(self, key_ref: KeyRef) -> None:
        """Afterwards the key cannot be used again. A wrapped key dies with its blob."""

    async def destroy_again(self) -> list[bytes]:
        """Destroy keys with a tombstone that came back with an old copy of the token.

        Returns:
            Their identifiers.
        """

    async def bind(self, claim: BindingClaim) -> bytes:
        """HMAC that ties a credential's row together, 32 bytes."""

    async def accept_totp(self, authenticator: SealedTotp) -> bytes:
        """The seed, sealed anew, so that its codes sign at once: the person was identified."""

    async def new_pin_verifier(self, credential_id: CredentialId, pin: Pin) -> bytes:
        """HMAC of the PIN, 32 bytes."""

    async def service_key(self, name: str, algorithm: KeyAlgorithm) -> bytes:
        """SubjectPublicKeyInfo (DER) of a service key, generated if absent."""

    async def service_sign(self, name: str, digest: bytes, algorithm: SignAlgorithm) -> bytes:
        """A signature value by a service key (certificate authority, audit)."""

    async def capabilities(self) -> list[str]:
        """What the module lacks, one sentence each; empty when nothing is missing."""
