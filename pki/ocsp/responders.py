"""Who answers for which authority. (RFC 6960 4.2.2.2)

Each authority has a responder whose certificate it issued itself. A CertID names the authority by
two hashes; SHA-1 only names there and protects nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final

from asn1crypto import x509

from ades import der
from pki import certificates
from pki.ocsp.requests import CertId, Request
from pki.signed import Sign
from policies import status
from policies.algorithms import SignAlgorithm
from policies.status import CertificateStatus

_HASHES: Final = {"1.3.14.3.2.26": "sha1", "2.16.840.1.101.3.4.2.1": "sha256"}
"""What CertIDs are taken with (RFC 6960 4.3, RFC 9919 3.1.1)."""
SHA1, SHA256 = _HASHES


@dataclass(frozen=True, slots=True)
class Responder:
    """The responder of one authority."""

    issuer: bytes
    """The authority's certificate, DER."""
    certificate: bytes
    """Its own, DER: issued by the authority, for OCSP only."""
    algorithm: SignAlgorithm
    """What its key signs with."""
    sign: Sign
    archive_cutoff: datetime | None = None
    """Status is kept of certificates that expired from then on (RFC 6960 4.4.4). With status kept
    for ever: the authority's notBefore (EN 319 411-2 CSS-6.3.10)."""

    @property
    def key_hash(self) -> bytes:
        """SHA-1 of its public key: its ResponderID (RFC 6960 4.2.1)."""
        return _key_hash(self.certificate)


@dataclass(frozen=True, slots=True)
class Question:
    """A CertID, and whether it concerns the authority of the responder who answers."""

    cert_id: CertId
    ours: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said of one certificate."""

    cert_id: bytes
    """DER, as it was asked."""
    status: CertificateStatus


class Responders:
    """All responders, by the hashes that name their authorities."""

    def __init__(self, responders: Iterable[Responder]) -> None:
        self._by_hashes = {
            (oid, *_hashes(one.issuer, oid)): one for one in responders for oid in _HASHES
        }

    def serves(self, cert_id: CertId) -> bool:
        """True when the question is about an authority of ours."""
        return self._find(cert_id) is not None

    def route(self, request: Request) -> tuple[Responder, tuple[Question, ...]]:
        """Who answers, and the questions in the order asked.

        One key signs the answer, so questions about another authority than that of the first
        known one are answered with *unknown* (RFC 6960 2.2).

        Raises:
            StatusRefused: UNAUTHORIZED: all questions are about others' certificates.
        """
        found = [self._find(one) for one in request.questions]
        responder = next(filter(None, found), None)
        if responder is None:
            raise status.unauthorized("no authority of ours")
        pairs = zip(request.questions, found, strict=True)
        return responder, tuple(Question(asked, whose is responder) for asked, whose in pairs)

    def _find(self, cert_id: CertId) -> Responder | None:
        key = (cert_id.hash_oid, cert_id.issuer_name_hash, cert_id.issuer_key_hash)
        return self._by_hashes.get(key)


def cert_id(issuer: bytes, serial: int, hash_oid: str = SHA1) -> bytes:
    """The CertID of a certificate as nearly every client writes it, DER.

    Args:
        issuer: The authority's certificate, DER.
    """
    algorithm = der.sequence(der.oid(hash_oid), der.null())
    name_hash, key_hash = _hashes(issuer, hash_oid)
    return der.sequence(algorithm, der.octets(name_hash), der.octets(key_hash), der.integer(serial))


@lru_cache(maxsize=64)
def _hashes(issuer: bytes, hash_oid: str) -> tuple[bytes, bytes]:
    certificate = x509.Certificate.load(issuer)
    bits = bytes(certificate.public_key["public_key"])
    parts = (certificate.subject.dump(), bits)
    name_hash, key_hash = (hashlib.new(_HASHES[hash_oid], part).digest() for part in parts)
    return name_hash, key_hash


@lru_cache(maxsize=64)
def _key_hash(certificate: bytes) -> bytes:
    return certificates.key_identifier(x509.Certificate.load(certificate).public_key.dump())
