"""The life of a certificate as a literal table, and who may end it why. (RFC 5280 5.3.1)

A serial number is reserved, with the bytes that are to be signed, before the authority's key is
used. Whatever happens then, the register knows that such a certificate may exist: one that was
not stored afterwards is counted as revoked (security-and-pki 7.1).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from policies import errors


class CertificateState(StrEnum):
    """What the register says of a serial number."""

    RESERVED = "reserved"
    """The authority is about to sign, or died while it did."""
    ISSUED = "issued"
    SUSPENDED = "suspended"
    REVOKED = "revoked"


class CertificateEvent(StrEnum):
    """What can happen to a certificate."""

    STORE = "store"
    ABANDON = "abandon"
    """Nobody stored it in time: it may exist, and it must not be good."""
    SUSPEND = "suspend"
    RESUME = "resume"
    REVOKE = "revoke"


CERTIFICATE: Final[dict[CertificateEvent, dict[CertificateState, CertificateState]]] = {
    CertificateEvent.STORE: {CertificateState.RESERVED: CertificateState.ISSUED},
    CertificateEvent.ABANDON: {CertificateState.RESERVED: CertificateState.REVOKED},
    CertificateEvent.SUSPEND: {CertificateState.ISSUED: CertificateState.SUSPENDED},
    CertificateEvent.RESUME: {CertificateState.SUSPENDED: CertificateState.ISSUED},
    # Revoked is for good: EN 319 411-1 6.2.4.
    CertificateEvent.REVOKE: {
        CertificateState.ISSUED: CertificateState.REVOKED,
        CertificateState.SUSPENDED: CertificateState.REVOKED,
    },
}

ABANDONED_AFTER: Final = timedelta(minutes=5)
"""A reservation that old belongs to a process that died: an issue takes seconds."""


class Reason(StrEnum):
    """Why a certificate was revoked; the words of RFC 5280 5.3.1."""

    UNSPECIFIED = "unspecified"
    KEY_COMPROMISE = "keyCompromise"
    AFFILIATION_CHANGED = "affiliationChanged"
    SUPERSEDED = "superseded"
    CESSATION_OF_OPERATION = "cessationOfOperation"
    PRIVILEGE_WITHDRAWN = "privilegeWithdrawn"
    CERTIFICATE_HOLD = "certificateHold"
    """Suspended; never the reason of a revocation."""


FOR_REVOCATION: Final = frozenset(Reason) - {Reason.CERTIFICATE_HOLD}


@dataclass(frozen=True, slots=True)
class Revocation:
    """Since when a certificate is not good, and why."""

    at: datetime
    reason: Reason


def after(event: CertificateEvent, state: CertificateState) -> CertificateState:
    """The state that follows.

    Raises:
        CertificateNotSo: The table knows no such change: suspended twice, revoked twice, resumed
            without being suspended.
    """
    following = CERTIFICATE[event].get(state)
    if following is None:
        raise errors.CertificateNotSo(f"{event} of one that is {state}")
    return following
