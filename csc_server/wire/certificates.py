"""Certificate fields as the CSC API writes them. (CSC v1 11.5 cert/*)"""

from __future__ import annotations

import base64
from datetime import datetime
from functools import lru_cache
from typing import Final

from cryptography import x509

from policies.values import CertificateFacts, Credential

_GENERALIZED_TIME: Final = "%Y%m%d%H%M%SZ"


def certificates(credential: Credential, which: str) -> list[str] | None:
    """Base64 DER for ``single`` or ``chain``, end entity first; ``None`` for ``none``."""
    if which == "none":
        return None
    chosen = credential.certificates[:1] if which == "single" else credential.certificates
    return [base64.b64encode(der).decode("ascii") for der in chosen]


@lru_cache(maxsize=1024)
def decoded(der: bytes) -> dict[str, str]:
    """``issuerDN`` to ``validTo`` of the end-entity certificate."""
    certificate = x509.load_der_x509_certificate(der)
    return {
        "issuerDN": certificate.issuer.rfc4514_string(),
        "serialNumber": f"{certificate.serial_number:X}",
        "subjectDN": certificate.subject.rfc4514_string(),
        "validFrom": certificate.not_valid_before_utc.strftime(_GENERALIZED_TIME),
        "validTo": certificate.not_valid_after_utc.strftime(_GENERALIZED_TIME),
    }


def status(facts: CertificateFacts, now: datetime) -> str | None:
    """``valid`` or ``expired``; ``None`` before the validity begins, for which CSC has no word."""
    if now > facts.not_after:
        return "expired"
    return "valid" if now >= facts.not_before else None
