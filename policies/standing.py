"""How a certificate stands, in the words that people read. (journeys J2.1, J7.8; ui 3.10)"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from policies.revocation import CertificateState

ENDS_SOON: Final = timedelta(days=45)
"""J2.1: from the first reminder on."""


class Shown(StrEnum):
    """One word each."""

    VALID = "valid"
    ENDS_SOON = "ends-soon"
    WAITING = "waiting"
    """Its time has not come."""
    EXPIRED = "expired"
    SUSPENDED = "suspended"
    REVOKED = "revoked"


def shown(
    state: CertificateState, not_before: datetime, not_after: datetime, now: datetime
) -> Shown:
    """The one that counts most: what somebody decided, then what time does."""
    if state is CertificateState.REVOKED:
        return Shown.REVOKED
    if now > not_after:
        return Shown.EXPIRED
    if state is CertificateState.SUSPENDED:
        return Shown.SUSPENDED
    if now < not_before:
        return Shown.WAITING
    return Shown.ENDS_SOON if not_after - now < ENDS_SOON else Shown.VALID


def may_suspend(standing: Shown) -> bool:
    """True while there is something to hold."""
    return standing in (Shown.VALID, Shown.ENDS_SOON, Shown.WAITING)


def may_revoke(standing: Shown) -> bool:
    """True while somebody could still rely on it, or will again."""
    return may_suspend(standing) or standing is Shown.SUSPENDED
