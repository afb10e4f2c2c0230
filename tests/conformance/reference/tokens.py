"""The time-stamping authority of the reference: tokens at once, by a key of its own. (RFC 3161)"""

from __future__ import annotations

import functools
import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from tests.conformance.reference import cms, der, keys
from tests.conformance.reference.algorithms import SHA256, Scheme

_POLICY: Final = "1.3.6.1.4.1.4146.2.2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a token is asked to say, and how it goes wrong."""

    digest: bytes
    algorithm: str = SHA256
    """OID."""
    nonce: int | None = None
    late: timedelta = timedelta()
    """How far its clock is off."""
    critical: bool = True
    """Whether the extendedKeyUsage of its certificate is critical."""
    drop: frozenset[str] = frozenset()
    """Signed attributes that are left out."""


def unit(critical: bool = True) -> keys.Holder:
    """The key that makes tokens; ``critical`` is said of its extendedKeyUsage."""
    return _unit(critical)


@functools.cache
def _unit(critical: bool) -> keys.Holder:
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
    key = ec.generate_private_key(ec.SECP256R1())
    return keys.issue("Reference TSU", key, ((usage, critical),))


def token(wanted: Wanted) -> bytes:
    """The ContentInfo."""
    imprint = der.sequence(der.sequence(der.oid(wanted.algorithm)), der.octets(wanted.digest))
    content = der.sequence(
        der.integer(1),
        der.oid(_POLICY),
        imprint,
        der.integer(secrets.randbits(120)),
        der.generalized_time(datetime.now(UTC) + wanted.late),
        *([] if wanted.nonce is None else [der.integer(wanted.nonce)]),
    )
    return cms.build(
        cms.Draft(
            holder=unit(wanted.critical),
            scheme=Scheme(SHA256),
            digest=hashlib.sha256(content).digest(),
            content_type=cms.TST_INFO,
            content=content,
            drop=wanted.drop,
        )
    )
