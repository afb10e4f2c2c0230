"""The embedded authority: what it makes, step by step. (security-and-pki 2.2, 2.3)

A certificate is made in this order: draft, bytes, linter, signature, certificate. The keys lie in
the HSM and are used through a callable. What was issued to whom, and whether it is still good, is
the register's matter.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from asn1crypto import x509

from pki import certificates, issuers, lint, names, profiles, signed, weak_keys
from pki.certificates import Addresses, Draft
from pki.names import Provider
from pki.profiles import Profile
from policies.algorithms import HashAlgorithm, KeyAlgorithm, Scheme, SignAlgorithm
from policies.values import CertificateFacts

KEY: Final = KeyAlgorithm.P_384
ALGORITHM: Final = SignAlgorithm(Scheme.ECDSA, HashAlgorithm.SHA384)
"""What the embedded authority's keys are and sign with."""

Sign = signed.Sign


@dataclass(frozen=True, slots=True)
class Issuer:
    """An authority that issues: its certificates, its key, its addresses."""

    certificate: bytes
    """DER."""
    chain: tuple[bytes, ...]
    """From its issuer up to the root, DER."""
    sign: Sign
    addresses: Addresses
    """What certificates that it issues point to."""
    tolerated: frozenset[str] = frozenset()
    """Findings of the linter that this instance lives with (``lint.INTERNAL_DOMAIN``)."""

    @property
    def issuer_id(self) -> str:
        """SHA-256 of the issuer's public key, hexadecimal: its name in the register."""
        return issuers.issuer_id(self.certificate)


@dataclass(frozen=True, slots=True)
class Order:
    """What is wanted of an issuer."""

    profile: Profile
    subject: x509.Name
    public_key: bytes
    """SubjectPublicKeyInfo, DER."""
    lifetime: timedelta
    semantics: bool = False
    """As in ``Draft``."""


async def root(
    provider: Provider, common_name: str, public_key: bytes, serial: int, now: datetime, sign: Sign
) -> bytes:
    """A self-signed root certificate, DER.

    Raises:
        CertificateUnfit: See ``pki.lint``.
    """
    draft = Draft(
        profile=profiles.ROOT,
        subject=names.authority(provider, common_name),
        public_key=public_key,
        serial=serial,
        not_before=_begin(now),
        not_after=_begin(now) + profiles.ROOT.longest,
        addresses=None,
    )
    tbs = certificates.to_be_signed(draft, None, ALGORITHM)
    return await _signed(tbs, profiles.ROOT, frozenset(), sign)


def draft(issuer: Issuer, order: Order, serial: int, now: datetime) -> Draft:
    """What is to be certified: the profile's limits and the issuer's end cut the life short."""
    begin = _begin(now)
    end = begin + min(order.lifetime, order.profile.longest) - timedelta(seconds=1)
    last: datetime = x509.Certificate.load(issuer.certificate).not_valid_after
    return Draft(
        profile=order.profile,
        subject=order.subject,
        public_key=order.public_key,
        serial=serial,
        not_before=begin,
        not_after=min(end, last),
        addresses=issuer.addresses,
        semantics=order.semantics,
    )


def prepare(issuer: Issuer, wanted: Draft) -> bytes:
    """The bytes to sign, linted.

    Raises:
        KeyUnfit: See ``pki.weak_keys``. Nothing was signed.
        CertificateUnfit: See ``pki.lint``. Nothing was signed.
    """
    weak_keys.check(wanted.public_key)
    tbs = certificates.to_be_signed(wanted, issuer.certificate, ALGORITHM)
    lint.check(tbs, wanted.profile.linter, tolerated=issuer.tolerated)
    return tbs


async def finish(issuer: Issuer, tbs: bytes) -> bytes:
    """The certificate over prepared bytes, DER."""
    digest = hashlib.sha384(tbs).digest()
    return certificates.sealed(tbs, await issuer.sign(digest, ALGORITHM))


async def issue(issuer: Issuer, order: Order, serial: int, now: datetime) -> bytes:
    """A certificate of a service: issuing authority, responder, time-stamping unit. DER.

    Certificates of people go through the register, with ``prepare`` before and ``finish`` after
    the intent is on record.

    Raises:
        CertificateUnfit: See ``pki.lint``.
    """
    return await finish(issuer, prepare(issuer, draft(issuer, order, serial, now)))


async def _signed(tbs: bytes, profile: Profile, tolerated: frozenset[str], sign: Sign) -> bytes:
    lint.check(tbs, profile.linter, tolerated=tolerated)
    return certificates.sealed(tbs, await sign(hashlib.sha384(tbs).digest(), ALGORITHM))


def _begin(now: datetime) -> datetime:
    return now.replace(microsecond=0)


def facts(der: bytes) -> CertificateFacts:
    """What the rules need of a certificate."""
    certificate = x509.Certificate.load(der)
    subject: dict[str, str] = certificate.subject.native
    return CertificateFacts(
        subject_organization=subject.get("organization_name"),
        subject_common_name=subject.get("common_name", ""),
        not_before=certificate.not_valid_before,
        not_after=certificate.not_valid_after,
    )
