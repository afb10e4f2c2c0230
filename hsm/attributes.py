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

from asn1crypto import cms, core, tsp, x509

from ades import identifiers
from hsm import errors, mechanisms
from policies.algorithms import SignAlgorithm
from policies.documents import LONGEST_MIME_TYPE

MIME_TYPE: Final = "0.4.0.1733.2.1"
"""EN 319 122-1 5.2.5.2: mime-type."""


class _MimeTypes(core.SetOf):  # type: ignore[misc]  # asn1crypto is not typed
    _child_spec = core.UTF8String


cms.CMSAttributeType._map[MIME_TYPE] = "mime_type"
cms.CMSAttributeType._reverse_map = None
cms.CMSAttribute._oid_specs["mime_type"] = _MimeTypes


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
    found: list[tuple[str, object]] = [
        ("content_type", "data"),
        ("message_digest", digest),
        ("cms_algorithm_protection", _protection(algorithm)),
        ("signing_certificate_v2", _names(certificate)),
    ]
    if signing_time is not None:
        moment = signing_time.replace(microsecond=0)
        found.append(("signing_time", cms.Time(name="utc_time", value=moment)))
    if mime_type is not None:
        found.append(("mime_type", _plain(mime_type)))
    attributes = cms.CMSAttributes(
        [cms.CMSAttribute({"type": name, "values": [value]}) for name, value in found]
    )
    # DER: the SET OF is sorted by its encoded members (X.690 11.6).
    return bytes(attributes.dump(force=True))


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


def _protection(algorithm: SignAlgorithm) -> cms.CMSAlgorithmProtection:
    return cms.CMSAlgorithmProtection(
        {
            "digest_algorithm": identifiers.digest_algorithm(algorithm.hash_algorithm),
            "signature_algorithm": identifiers.signature_algorithm(algorithm),
        }
    )


def _names(certificate: bytes) -> tsp.SigningCertificateV2:
    # SHA-256 is the default and must then be left out (RFC 5035 4, X.690 11.5).
    named = tsp.ESSCertIDv2({"cert_hash": hashlib.sha256(certificate).digest()})
    return tsp.SigningCertificateV2({"certs": [named]})


def _plain(mime_type: str) -> str:
    good = mime_type.isascii() and mime_type.isprintable()
    if not good or not 0 < len(mime_type) <= LONGEST_MIME_TYPE:
        raise errors.Rejected("a media type that is none")
    return mime_type
