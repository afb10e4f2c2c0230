"""When a signer's key is destroyed, and what is remembered of it. (security-and-pki 1.5)

A key outlives its certificate by nothing: at notAfter it has no use any more. A revocation
disables it at once and for good; it is destroyed a day later, so that work that was accepted
before comes to its end. What is remembered is a tombstone: it is kept apart from database and
token, so that a restored copy of either gives no key back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from policies.revocation import CertificateState, Revocation
from policies.values import AccountId, CredentialId

GRACE: Final = timedelta(days=1)
"""From revocation to destruction: longer than work that was accepted before may take
(``policies.jobs.WORK_LIMIT``), short enough that nobody comes to rely on it."""


class KeyEnd(StrEnum):
    """Why a key was destroyed."""

    EXPIRED = "expired"
    REVOKED = "revoked"
    ABANDONED = "abandoned"
    """The process that made it died before it had a certificate."""


@dataclass(frozen=True, slots=True)
class Tombstone:
    """What is remembered of a key: enough to know it again, nothing to use it."""

    key_id: bytes
    """CKA_ID, 16 random bytes."""
    public_key_digest: bytes
    """SHA-256 of the SubjectPublicKeyInfo; empty of a key that nobody got to see."""
    cause: KeyEnd
    buried_at: datetime
    """Since when nobody may use it; the device destroys it right afterwards."""


@dataclass(frozen=True, slots=True)
class DyingCertificate:
    """What the register says of a dying key's certificate."""

    serial: str
    account_id: AccountId | None
    state: CertificateState
    not_after: datetime
    replaced: bool
    """An order that renews it was worked off."""


@dataclass(frozen=True, slots=True)
class DyingKey:
    """A key whose time is over."""

    credential_id: CredentialId
    key_id: bytes
    public_key: bytes
    """SubjectPublicKeyInfo, DER."""
    certificate: DyingCertificate | None
    """``None``: in no register of ours."""

    @property
    def cause(self) -> KeyEnd:
        """What it dies of."""
        known = self.certificate
        revoked = known is not None and known.state is CertificateState.REVOKED
        return KeyEnd.REVOKED if revoked else KeyEnd.EXPIRED

    @property
    def to_be_told(self) -> DyingCertificate | None:
        """The certificate, if its owner has to hear that it expired.

        Of a revocation the owner heard when it was decided; where another certificate goes on,
        there is nothing to be done.
        """
        known = self.certificate
        if known is None or known.replaced or self.cause is not KeyEnd.EXPIRED:
            return None
        return known


def last_instant(not_after: datetime, revocation: Revocation | None) -> datetime:
    """The last instant at which the key still exists.

    Args:
        revocation: Of a certificate that is revoked for good; ``None`` of any other.
    """
    if revocation is None:
        # RFC 5280 4.1.2.5: notAfter itself still belongs to the validity.
        return not_after
    return min(not_after, revocation.at + GRACE)
