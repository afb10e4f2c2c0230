"""What others need to know of certificates of authorities and their desks; light, no linter."""

from __future__ import annotations

import hashlib
from datetime import datetime

from asn1crypto import x509


def issuer_id(certificate: bytes) -> str:
    """SHA-256 of an authority's public key, hexadecimal: its name in the register."""
    spki: bytes = x509.Certificate.load(certificate).public_key.dump()
    return hashlib.sha256(spki).hexdigest()


def life(certificate: bytes | None) -> tuple[datetime, datetime] | None:
    """notBefore and notAfter; ``None`` of none."""
    if certificate is None:
        return None
    parsed = x509.Certificate.load(certificate)
    return parsed.not_valid_before, parsed.not_valid_after
