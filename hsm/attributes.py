"""The signed attributes of a CAdES or PAdES signature, built from what was approved.

The key signs these attributes and nothing else, so they are built where the key is: from the
approved digest, the signing certificate and the signer process's own clock. No byte of them comes
from a caller but the media type. (RFC 5652 5.3, RFC 5035 3, RFC 6211, EN 319 122-1 5, 6;
docs/adr/0008). Knows no key and no device.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from functools import lru_cache
from typing import Final

from asn1crypto import x509

from ades import der, identifiers
from ades.signed_data import DATA, attribute
from hsm import errors, mechanisms
from policies.algorithms import SignAlgorithm
from policies.documents import LONGEST_MIME_TYPE

CONTENT_TYPE: Final = "1.2.840.113549.1.9.3"
MESSAGE_DIGEST: Final = "1.2.840.113549.1.9.4"
SIGNING_TIME: Final = "1.2.840.113549.1.9.5"
"""RFC 5652 11.1 to 11.3."""
PROTECTION: Final = "1.2.840.113549.1.9.52"
"""RFC 6211: CMSAlgorithmProtection."""
SIGNING_CERTIFICATE: Final = "1.2.840.113549.1.9.16.2.47"
"""RFC 5035: signing-certificate-v2."""
MIME_TYPE: Final = "0.4.0.1733.2.1"
"""EN 319 122-1 5.2.5.2: mime-type."""


def signed_attributes(
    *,
    digest: bytes,
    algorithm: SignAlgorithm,
    certificate: bytes,
    signing_time: datetime | None,
    mime_type: str | None,
) -> bytes:
    """DER of the SET OF attributes, as it is hashed for the signature (RFC 5652 5.4).

    Args:
        digest: message-digest.
        algorithm: Named by the algorithm protection.
        certificate: DER; ESSCertIDv2 with SHA-256.
        signing_time: Second precision; ``None`` for PAdES.
        mime_type: ASCII, or ``None``.

    Raises:
        Rejected: The media type is too long, or no plain text.
    """
    found = [
        attribute(CONTENT_TYPE, DATA),
        attribute(MESSAGE_DIGEST, der.octets(digest)),
        attribute(PROTECTION, _protection(algorithm)),
        attribute(SIGNING_CERTIFICATE, _names(certificate)),
    ]
    if signing_time is not None:
        moment = signing_time.replace(microsecond=0)
        found.append(attribute(SIGNING_TIME, der.time(moment)))
    if mime_type is not None:
        named = der.encoded(der.UTF8_STRING, _plain(mime_type).encode("ascii"))
        found.append(attribute(MIME_TYPE, named))
    return der.set_of(*found)


@lru_cache(maxsize=256)
def public_key_of(certificate: bytes) -> bytes:
    """SubjectPublicKeyInfo of a certificate, DER.

    Raises:
        Rejected: Not a certificate.
    """
    try:
        parsed = x509.Certificate.load(certificate, strict=True)
        return mechanisms.spki(mechanisms.public_key(parsed.public_key.dump()))
    except (ValueError, TypeError) as error:
        raise errors.Rejected("not a certificate") from error


def common_name(certificate: bytes) -> str | None:
    """Whose certificate it is; ``None`` if it does not tell."""
    found = x509.Certificate.load(certificate).subject.native.get("common_name")
    return found if isinstance(found, str) else None


@lru_cache(maxsize=64)
def _protection(algorithm: SignAlgorithm) -> bytes:
    signature = identifiers.signature_der(algorithm)
    # RFC 6211 2: signatureAlgorithm is [1] IMPLICIT.
    return der.sequence(
        identifiers.digest_der(algorithm.hash_algorithm),
        bytes((der.context(1),)) + signature[1:],
    )


@lru_cache(maxsize=256)
def _names(certificate: bytes) -> bytes:
    # SHA-256 is the default and must then be left out (RFC 5035 4, X.690 11.5).
    named = der.sequence(der.octets(hashlib.sha256(certificate).digest()))
    return der.sequence(der.sequence(named))


def _plain(mime_type: str) -> str:
    good = mime_type.isascii() and mime_type.isprintable()
    if not good or not 0 < len(mime_type) <= LONGEST_MIME_TYPE:
        raise errors.Rejected("a media type that is none")
    return mime_type
