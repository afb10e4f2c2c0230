"""What a page shows of a certificate: whose, by whom, until when, its paraph. (ui 3.14, 3.17)"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from cryptography import x509
from cryptography.x509.oid import NameOID

from webui import mark


@dataclass(frozen=True, slots=True)
class Shown:
    """One certificate."""

    name: str
    issuer: str
    serial: int
    ends: datetime
    """Aware, UTC."""
    mark: str
    """Path of the paraph, drawn from the public key."""


@lru_cache(maxsize=256)
def shown(der: bytes, public_key: bytes) -> Shown:
    """The facts of an end-entity certificate.

    Args:
        der: The certificate.
        public_key: Its SubjectPublicKeyInfo, DER.
    """
    certificate = x509.load_der_x509_certificate(der)
    return Shown(
        name=_common_name(certificate.subject),
        issuer=_common_name(certificate.issuer),
        serial=certificate.serial_number,
        ends=certificate.not_valid_after_utc,
        mark=mark.of_public_key(public_key),
    )


def _common_name(name: x509.Name) -> str:
    found = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value) if found else name.rfc4514_string()
