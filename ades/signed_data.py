"""SignedData with one signer, in the parts that it is written from. (RFC 5652 5)

Parts are DER and stay byte for byte as they are: what was signed or time-stamped is never encoded
anew, and the general toolkit is slow at it. (asn1crypto takes a length whose last octet is 0x80
for an indefinite one, and then encodes everything inside again and again.)
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from ades import der
from ades.der import NotDer, Reader

DATA: Final = der.oid("1.2.840.113549.1.7.1")
_SIGNED_DATA: Final = der.oid("1.2.840.113549.1.7.2")
_CERTIFICATES, _CRLS = der.context(0), der.context(1)
_SIGNED, _UNSIGNED = der.context(0), der.context(1)


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything of a SignedData; all of it DER."""

    version: int
    digest_algorithms: bytes
    """SET OF."""
    content: bytes
    """EncapsulatedContentInfo."""
    signer: bytes
    """SignerInfo without its tag, up to the signature value."""
    certificates: tuple[bytes, ...] = ()
    crls: tuple[bytes, ...] = ()
    """RevocationInfoChoice each."""
    unsigned: tuple[bytes, ...] = field(default=())
    """Attributes."""


def read(content_info: bytes) -> Parts:
    """The parts of a ContentInfo with SignedData.

    Raises:
        NotDer: Something else, or not one signer.
    """
    outer = Reader(content_info)
    holder = outer.enter()
    outer.done()
    if holder.whole(der.OID) != _SIGNED_DATA:
        raise NotDer("not SignedData")
    data = holder.enter(der.context(0)).enter()
    version, algorithms = data.integer(), data.whole(der.SET)
    content = data.whole(der.SEQUENCE)
    certificates, crls = _members(data, _CERTIFICATES), _members(data, _CRLS)
    signers = data.enter(der.SET)
    data.done()
    signer = signers.enter()
    signers.done()
    parts, unsigned = _signer(signer)
    return Parts(version, algorithms, content, parts, certificates, crls, unsigned)


def write(parts: Parts) -> bytes:
    """DER of the ContentInfo; members of sets in the order of DER (X.690 11.6)."""
    unsigned = der.encoded(_UNSIGNED, *sorted(parts.unsigned)) if parts.unsigned else b""
    signer = der.sequence(parts.signer, unsigned)
    data = der.sequence(
        der.integer(parts.version),
        parts.digest_algorithms,
        parts.content,
        der.encoded(_CERTIFICATES, *sorted(parts.certificates)) if parts.certificates else b"",
        der.encoded(_CRLS, *sorted(parts.crls)) if parts.crls else b"",
        der.set_of(signer),
    )
    return der.sequence(_SIGNED_DATA, der.explicit(0, data))


def signer(
    *,
    certificate: bytes,
    digest_algorithm: bytes,
    signed_attributes: bytes,
    signature_algorithm: bytes,
    signature: bytes,
) -> bytes:
    """``Parts.signer`` of version 1.

    Args:
        certificate: Of the signer; named by issuer and serial number.
        digest_algorithm: AlgorithmIdentifier.
        signed_attributes: DER of the SET OF, as it was hashed.
        signature_algorithm: AlgorithmIdentifier.
        signature: The value.
    """
    return b"".join(
        (
            der.integer(1),
            issuer_and_serial(certificate),
            digest_algorithm,
            # In the message the same attributes are tagged [0] instead of SET OF.
            bytes((_SIGNED,)) + signed_attributes[1:],
            signature_algorithm,
            der.octets(signature),
        )
    )


def attribute(kind: str, value: bytes) -> bytes:
    """An attribute with one value."""
    return der.sequence(der.oid(kind), der.set_of(value))


@lru_cache(maxsize=256)
def issuer_and_serial(certificate: bytes) -> bytes:
    """IssuerAndSerialNumber, in the certificate's own bytes.

    Raises:
        NotDer: Not a certificate.
    """
    tbs = Reader(certificate).enter().enter()
    if tbs.tag == der.context(0):
        tbs.whole(der.context(0))
    serial = tbs.whole(der.INTEGER)
    tbs.whole(der.SEQUENCE)
    return der.sequence(tbs.whole(der.SEQUENCE), serial)


def _signer(reader: Reader) -> tuple[bytes, tuple[bytes, ...]]:
    parts = []
    while reader.tag not in (None, _UNSIGNED):
        parts.append(reader.whole(reader.tag or 0))
    unsigned = _members(reader, _UNSIGNED)
    reader.done()
    return b"".join(parts), unsigned


def _members(reader: Reader, tag: int) -> tuple[bytes, ...]:
    """Of the next element, if it has this tag."""
    if reader.tag != tag:
        return ()
    inside = reader.enter(tag)
    found = []
    while inside.tag is not None:
        found.append(inside.whole(inside.tag))
    return tuple(found)
