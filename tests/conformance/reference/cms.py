"""CMS signatures of the reference: CAdES, the insides of PAdES, and time-stamp tokens.

One signer, in DER. (RFC 5652 5; RFC 5035 3; RFC 3161 2.4.2; EN 319 122-1 6.3)
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from tests.conformance.reference import der
from tests.conformance.reference.algorithms import SHA256, Scheme
from tests.conformance.reference.keys import Holder

NAMES: Final[Mapping[str, str]] = {
    SHA256: "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
}
DATA: Final = "1.2.840.113549.1.7.1"
SIGNED_DATA: Final = "1.2.840.113549.1.7.2"
TST_INFO: Final = "1.2.840.113549.1.9.16.1.4"
CONTENT_TYPE: Final = "1.2.840.113549.1.9.3"
MESSAGE_DIGEST: Final = "1.2.840.113549.1.9.4"
SIGNING_TIME: Final = "1.2.840.113549.1.9.5"
SIGNING_CERTIFICATE: Final = "1.2.840.113549.1.9.16.2.12"
SIGNING_CERTIFICATE_V2: Final = "1.2.840.113549.1.9.16.2.47"
TIME_STAMP: Final = "1.2.840.113549.1.9.16.2.14"
ARCHIVE: Final = "0.4.0.1733.2.4"
_ECDSA: Final = {oid: f"1.2.840.10045.4.3.{2 + at}" for at, oid in enumerate(NAMES)}
_RSA: Final = {oid: f"1.2.840.113549.1.1.{11 + at}" for at, oid in enumerate(NAMES)}
_PSS: Final = "1.2.840.113549.1.1.10"
_MGF1: Final = "1.2.840.113549.1.1.8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A signature before it is made."""

    holder: Holder
    scheme: Scheme
    digest: bytes
    """Of the content, by the digest of ``scheme``."""
    content_type: str = DATA
    content: bytes | None = None
    """None: detached."""
    with_time: bool = True
    """``signing-time``; PAdES has it in the PDF."""
    attributes: Mapping[str, bytes] = field(default_factory=dict)
    """More signed attributes, each with its one value, by OID."""
    drop: frozenset[str] = frozenset()
    """Signed attributes that are left out."""
    stamp: Callable[[bytes], bytes] | None = None
    """Makes the time-stamp over the signature; None: none."""
    lists: tuple[bytes, ...] = ()
    """CRLs that are put in."""
    archive: bytes = b""
    """An archive time-stamp; empty: none."""


def build(draft: Draft) -> bytes:
    """The ContentInfo."""
    digest = der.sequence(der.oid(draft.scheme.digest))
    content = [] if draft.content is None else [der.tagged(0xA0, der.octets(draft.content))]
    data = der.sequence(
        der.integer(1 if draft.content_type == DATA else 3),
        der.set_of([digest]),
        der.sequence(der.oid(draft.content_type), *content),
        der.tagged(0xA0, *draft.holder.der()),
        *([der.tagged(0xA1, *draft.lists)] if draft.lists else []),
        der.set_of([_signer(draft, digest)]),
    )
    return der.sequence(der.oid(SIGNED_DATA), der.tagged(0xA0, data))


def _signer(draft: Draft, digest: bytes) -> bytes:
    certificate = draft.holder.certificate
    attributes = der.set_of(_attribute(oid, value) for oid, value in _signed(draft).items())
    hashed = hashlib.new(NAMES[draft.scheme.digest], attributes).digest()
    signature = draft.scheme.sign(draft.holder.key, hashed)
    tokens = {TIME_STAMP: draft.stamp(signature)} if draft.stamp is not None else {}
    tokens |= {ARCHIVE: draft.archive} if draft.archive else {}
    unsigned = der.set_of(_attribute(oid, token) for oid, token in tokens.items())
    return der.sequence(
        der.integer(1),
        der.sequence(certificate.issuer.public_bytes(), der.integer(certificate.serial_number)),
        digest,
        b"\xa0" + attributes[1:],
        _algorithm(draft),
        der.octets(signature),
        *([b"\xa1" + unsigned[1:]] if tokens else []),
    )


def _attribute(oid: str, value: bytes) -> bytes:
    return der.sequence(der.oid(oid), der.set_of([value]))


def _signed(draft: Draft) -> dict[str, bytes]:
    certificate = draft.holder.der()[0]
    named = der.sequence(der.octets(hashlib.sha256(certificate).digest()))
    values = {
        CONTENT_TYPE: der.oid(draft.content_type),
        MESSAGE_DIGEST: der.octets(draft.digest),
        SIGNING_CERTIFICATE_V2: der.sequence(der.sequence(named)),
    }
    if draft.with_time:
        values[SIGNING_TIME] = der.utc_time(datetime.now(UTC))
    values |= draft.attributes
    return {oid: value for oid, value in values.items() if oid not in draft.drop}


def _algorithm(draft: Draft) -> bytes:
    scheme = draft.scheme
    if _is_ec(draft.holder.certificate):
        return der.sequence(der.oid(_ECDSA[scheme.digest]))
    if scheme.salt is None:
        return der.sequence(der.oid(_RSA[scheme.digest]), der.NULL)
    mask = der.sequence(der.oid(_MGF1), der.sequence(der.oid(scheme.mask)))
    parameters = der.sequence(
        der.tagged(0xA0, der.sequence(der.oid(scheme.digest))),
        der.tagged(0xA1, mask),
        der.tagged(0xA2, der.integer(scheme.salt)),
    )
    return der.sequence(der.oid(_PSS), parameters)


def _is_ec(certificate: x509.Certificate) -> bool:
    return isinstance(certificate.public_key(), ec.EllipticCurvePublicKey)
