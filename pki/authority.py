"""A small certificate authority: a root and an issuing key in the HSM's service token.

It makes the first certificates of an instance. Status, revocation, linting and the ceremony for
the root are not here yet.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.x509.oid import NameOID

from hsm.interface import KeyAdministration
from pki import certificates
from pki.certificates import Person, Signer
from policies.algorithms import HashAlgorithm, KeyAlgorithm, Scheme, SignAlgorithm
from policies.values import CertificateFacts

ROOT_KEY: Final = "ca-root"
ISSUING_KEY: Final = "ca-issuing"
_KEY: Final = KeyAlgorithm.P_384
_ALGORITHM: Final = SignAlgorithm(Scheme.ECDSA, HashAlgorithm.SHA384)


@dataclass(frozen=True, slots=True)
class Authority:
    """The authority's certificates."""

    root: bytes
    """DER."""
    issuing: bytes
    """DER."""


async def establish(
    device: KeyAdministration,
    organization: str,
    country: str,
    serials: tuple[int, int],
    now: datetime,
) -> Authority:
    """A new root and a new issuing authority under it.

    Args:
        serials: Of the root's and of the issuing certificate; positive, at most 20 octets.
    """
    root_key = await device.service_key(ROOT_KEY, _KEY)
    name = certificates.authority_name(organization, country, f"{organization} Root CA")
    root = await certificates.root(name, root_key, serials[0], now, _signer(device, ROOT_KEY))
    issuing_key = await device.service_key(ISSUING_KEY, _KEY)
    name = certificates.authority_name(organization, country, f"{organization} Issuing CA 1")
    issuing = await certificates.issuing(
        name, root, issuing_key, serials[1], now, _signer(device, ROOT_KEY)
    )
    return Authority(root, issuing)


async def issue(
    device: KeyAdministration,
    authority: Authority,
    person: Person,
    public_key: bytes,
    serial: int,
    now: datetime,
) -> tuple[bytes, ...]:
    """A person's certificate and its chain, end entity first, root last, DER."""
    leaf = await certificates.person(
        person, authority.issuing, public_key, serial, now, _signer(device, ISSUING_KEY)
    )
    return leaf, authority.issuing, authority.root


def facts(der: bytes) -> CertificateFacts:
    """What the rules need of a certificate."""
    certificate = x509.load_der_x509_certificate(der)

    def first(oid: x509.ObjectIdentifier) -> str | None:
        found = certificate.subject.get_attributes_for_oid(oid)
        return str(found[0].value) if found else None

    return CertificateFacts(
        subject_organization=first(NameOID.ORGANIZATION_NAME),
        subject_common_name=first(NameOID.COMMON_NAME) or "",
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
    )


def _signer(device: KeyAdministration, key: str) -> Signer:
    async def sign(tbs: bytes) -> bytes:
        return await device.service_sign(key, hashlib.sha384(tbs).digest(), _ALGORITHM)

    return sign
