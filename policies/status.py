"""Status of certificates: how fresh it must be, and which questions are answered.

Rules for CRLs (RFC 5280 5; EN 319 411-1 6.3.9) and for OCSP (RFC 6960, nonces by RFC 9654, caching
by RFC 9919), with the figures of security-and-pki 2.4 and 2.5. What is true of a certificate is
known to the register; encoding is the matter of ``pki.crl`` and ``pki.ocsp``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum, IntEnum
from typing import Final

from policies.revocation import Reason, Revocation

CRL_EVERY: Final = timedelta(hours=1)
"""A new CRL even if nothing changed; the law wants one a day (EN 319 411-1 CSS-6.3.9)."""
CRL_VALIDITY: Final = timedelta(hours=24)
ROOT_CRL_VALIDITY: Final = timedelta(days=365)
"""The root is taken off line after its ceremony; once a year somebody fetches it."""
CRL_GATHER: Final = timedelta(seconds=10)
"""Revocations of so much time share a CRL; it must be out within 60 s of the first."""
CRL_NUMBER_BITS: Final = 159
"""At most 20 octets with the sign (RFC 5280 5.2.3)."""
OCSP_VALIDITY: Final = timedelta(hours=12)
ROUND_EVERY: Final = timedelta(minutes=10)
"""Pause between two rounds over all answers that were made in advance."""
HEAD_START: Final = timedelta(minutes=30)
"""Answers are made anew so long before half their life is over. A pause and two rounds of ten
minutes fit in, so none is ever older than that while everything works: one that is, is a fault."""
PRESIGNED_WITHIN: Final = timedelta(seconds=5)
"""From a change in the register to the answer that lies there for others to give out."""
LIVE_PER_SECOND: Final = 50
LIVE_BURST: Final = 4
"""Answers that are signed for one address, and how many seconds' worth at once: 50 a second and
200 together (security-and-pki 5.7)."""
END_OF_TIME: Final = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
"""nextUpdate of an authority's last CRL: no later one will come (EN 319 411-2 CSS-6.3.9)."""

LONGEST_POST: Final = 64 * 1024
"""Bytes of a request in a body."""
LONGEST_GET: Final = 1024
"""Characters of a request in a path. Clients use GET up to 255 (RFC 9919 5); a long nonce or
eager escaping makes more, and refusing those would help nobody."""
MOST_QUESTIONS: Final = 64
"""Certificates in one request: each costs a look-up, and no client asks for a chain that long."""
SHORTEST_NONCE: Final = 1
LONGEST_NONCE: Final = 128
"""Octets (RFC 9654 2.1). Those in between are all echoed: some old clients send 8."""
CACHE_MARGIN: Final = timedelta(minutes=5)
"""Caches let go so much earlier: the client that gets the copy last has a clock of its own."""


REASON_CODES: Final = {
    Reason.KEY_COMPROMISE: 1,
    Reason.AFFILIATION_CHANGED: 3,
    Reason.SUPERSEDED: 4,
    Reason.CESSATION_OF_OPERATION: 5,
    Reason.CERTIFICATE_HOLD: 6,
    Reason.PRIVILEGE_WITHDRAWN: 9,
}
"""CRLReason (RFC 5280 5.3.1). *unspecified* has none: the reason is left out instead. Nor is there
removeFromCRL, which belongs on delta CRLs."""


class Standing(Enum):
    """What there is to say of a certificate that is not revoked."""

    GOOD = "good"
    UNKNOWN = "unknown"
    """Not one of ours. Saying *revoked* instead would be allowed too (RFC 6960 2.2)."""


CertificateStatus = Standing | Revocation


def standing(*, issued: bool, revocation: Revocation | None) -> CertificateStatus:
    """Good is only what was really issued: absence from a CRL proves nothing.

    Args:
        issued: The register of the asked authority has a certificate with this serial.
    """
    if not issued:
        return Standing.UNKNOWN
    return revocation or Standing.GOOD


def shown(told: CertificateStatus) -> CertificateStatus:
    """As lists and answers show it: without parts of seconds."""
    if isinstance(told, Standing):
        return told
    return Revocation(told.at.replace(microsecond=0), told.reason)


# Freshness


@dataclass(frozen=True, slots=True)
class Window:
    """thisUpdate and nextUpdate of a statement about status: whole seconds."""

    this_update: datetime
    next_update: datetime
    """First instant at which the statement must not be served any more."""


def crl_window(now: datetime, *, last: bool = False) -> Window:
    """Of a CRL that is made now.

    Args:
        last: The authority ends; no other CRL will follow.
    """
    begin = now.replace(microsecond=0)
    return Window(begin, END_OF_TIME if last else begin + CRL_VALIDITY)


def root_crl_window(now: datetime) -> Window:
    """Of a CRL of the root."""
    begin = now.replace(microsecond=0)
    return Window(begin, begin + ROOT_CRL_VALIDITY)


def ocsp_window(now: datetime) -> Window:
    """Of an OCSP answer about what is known now."""
    begin = now.replace(microsecond=0)
    return Window(begin, begin + OCSP_VALIDITY)


def servable(window: Window, now: datetime) -> bool:
    """True while the statement may be given out."""
    return window.this_update <= now < window.next_update


def crl_due(window: Window | None, unlisted_since: datetime | None, now: datetime) -> bool:
    """True when a new CRL is to be made.

    Args:
        window: Of the newest one.
        unlisted_since: When the first change that it does not show was decided.
    """
    if window is None or now - window.this_update >= CRL_EVERY or now < window.this_update:
        return True
    return unlisted_since is not None and now - unlisted_since >= CRL_GATHER


def kept_ready(not_after: datetime, now: datetime) -> bool:
    """True when answers about a certificate are made in advance: until it expires.

    Later they are made when somebody asks: there are ever more of them, and nobody does.
    """
    return now < not_after


def ocsp_due(window: Window, now: datetime) -> bool:
    """True when an answer made in advance is to be made anew: before half its life is over."""
    return not servable(window, now) or now >= _part(window, 1, 2) - HEAD_START


class Age(IntEnum):
    """How old a statement is that should have been renewed in time."""

    YOUNG = 0
    LATE = 1
    """Half its life is over: renewing it does not work."""
    STALE = 2
    """Two thirds are over: somebody has to come."""


def age(window: Window, now: datetime) -> Age:
    """What an operator hears of it. A clock set back before its begin counts as stale."""
    if stale(window, now):
        return Age.STALE
    return Age.LATE if now >= _part(window, 1, 2) else Age.YOUNG


def stale(window: Window, now: datetime) -> bool:
    """True when an operator must hear of it: two thirds of the life are over."""
    return not servable(window, now) or now >= _part(window, 2, 3)


def _part(window: Window, over: int, of: int) -> datetime:
    return window.this_update + (window.next_update - window.this_update) * over / of


def crl_number(last: int | None, now: datetime, published: int | None = None) -> int:
    """The number of the next CRL: more than ``last``, and than any of before a restore.

    A database restored from yesterday has forgotten today's numbers; the published list has not,
    nor has the clock.

    Args:
        published: Of the list that everybody can fetch now.
    """
    return max((last or 0) + 1, (published or 0) + 1, int(now.timestamp()))


def max_age(window: Window, now: datetime, renewed: timedelta | None = None) -> timedelta:
    """How long a cache may keep what is served now: never past the end, 0 near it.

    Args:
        renewed: After how long there is something newer to fetch anyway.
    """
    left = window.next_update - now - CACHE_MARGIN
    return max(min(left, renewed or left), timedelta(0))


# OCSP requests


class Failure(IntEnum):
    """OCSPResponseStatus other than successful (RFC 6960 4.2.1)."""

    MALFORMED_REQUEST = 1
    INTERNAL_ERROR = 2
    TRY_LATER = 3
    UNAUTHORIZED = 6
    """Also: not an authority that we answer for (RFC 9919 4.1.1)."""


class StatusRefused(Exception):
    """No status is told. The reasons are those of the protocol, hence one class for all."""

    def __init__(self, failure: Failure, why: str) -> None:
        super().__init__(f"{failure.name.lower()}: {why}")
        self.failure = failure


def malformed(why: str) -> StatusRefused:
    """The request is not one."""
    return StatusRefused(Failure.MALFORMED_REQUEST, why)


def try_later(why: str) -> StatusRefused:
    """There is no answer now."""
    return StatusRefused(Failure.TRY_LATER, why)


def unauthorized(why: str) -> StatusRefused:
    """The request is about somebody else's certificates."""
    return StatusRefused(Failure.UNAUTHORIZED, why)


def admit(questions: int, nonce: bytes | None) -> None:
    """Let a request be answered.

    Args:
        questions: How many certificates it asks for.
        nonce: The octets proper, without any encoding; ``None`` for none.

    Raises:
        StatusRefused: MALFORMED_REQUEST.
    """
    if not 1 <= questions <= MOST_QUESTIONS:
        raise malformed(f"{questions} certificates")
    if nonce is not None and not SHORTEST_NONCE <= len(nonce) <= LONGEST_NONCE:
        raise malformed(f"nonce of {len(nonce)} octets")


def presigned_serves(questions: int, nonce: bytes | None, *, overloaded: bool) -> bool:
    """True when an answer made in advance, for the first certificate, is to be given.

    Under overload it goes to everybody: whoever sent a nonce sees that it did not come back and
    may live with that (RFC 9919 4), and nobody has to wait.
    """
    return overloaded or (questions == 1 and nonce is None)


def cacheable(statuses: Iterable[CertificateStatus], nonce: bytes | None) -> bool:
    """True when an answer may be kept by caches.

    A nonce fits one client only. What is unknown may be issued in the next minute.
    """
    return nonce is None and Standing.UNKNOWN not in set(statuses)
