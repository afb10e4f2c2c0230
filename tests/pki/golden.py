"""A small PKI with keys in software: root, two issuing authorities, responder, time-stamping unit.

Made through ``pki.authority`` like the real one, so that what judges our CRLs, answers and tokens
judges the certificates too. Made once for a run; every certificate begins at ``NOW``.
"""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Final

from asn1crypto import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import load_der_x509_certificate

from pki import authority, names, profiles
from pki.authority import Issuer, Order
from pki.certificates import Addresses
from pki.names import Provider
from pki.ocsp.responders import Responder
from pki.profiles import Profile
from pki.signed import Sign
from pki.tsa.tokens import Unit
from policies import identity
from policies.algorithms import HashAlgorithm, Scheme, SignAlgorithm
from policies.identity import Identifier, IdentifierScheme, Identity

NOW: Final = datetime.now(UTC).replace(microsecond=0)
"""OpenSSL and others look at the real clock."""
PROVIDER: Final = Provider("Example Trust SRL", "RO", "VATRO-12345678")
ADDRESSES: Final = Addresses(
    issuer="http://ca.example.com/issuing.cer",
    crl="http://ca.example.com/issuing.crl",
    ocsp="http://ocsp.example.com/ocsp",
    practice="https://ca.example.com/cps.pdf",
    policy="1.3.6.1.4.1.99999.1.1",
    disclosure=(("https://ca.example.com/pds_en.pdf", "en"),),
)
ROOT_ADDRESSES: Final = Addresses(
    "http://ca.example.com/root.cer", "http://ca.example.com/root.crl", ocsp=""
)
P_256: Final = SignAlgorithm(Scheme.ECDSA, HashAlgorithm.SHA256)
RSA: Final = SignAlgorithm(Scheme.RSA_PKCS1, HashAlgorithm.SHA256)
POLICY: Final = "1.3.6.1.4.1.99999.2.1"
"""Of time-stamps."""
ALICE: Final = Identity(
    "RO", Identifier(IdentifierScheme.PASSPORT, "123456", "RO"), "Alice", "Popescu"
)
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
_HASHES: Final = {
    HashAlgorithm.SHA256: hashes.SHA256(),
    HashAlgorithm.SHA384: hashes.SHA384(),
    HashAlgorithm.SHA512: hashes.SHA512(),
}


def signer(key: Key) -> Sign:
    """How this key signs digests."""

    async def sign(digest: bytes, algorithm: SignAlgorithm) -> bytes:
        prehashed = Prehashed(_HASHES[algorithm.hash_algorithm])
        if isinstance(key, rsa.RSAPrivateKey):
            return key.sign(digest, PKCS1v15(), prehashed)
        return key.sign(digest, ec.ECDSA(prehashed))

    return sign


def public(key: Key) -> bytes:
    """SubjectPublicKeyInfo, DER."""
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


@cache
def rsa_key() -> rsa.RSAPrivateKey:
    """One RSA key for the whole run: they take long to make."""
    return rsa.generate_private_key(65537, 3072)


@dataclass(frozen=True)
class Golden:
    """The PKI."""

    root: Issuer
    issuing: Issuer
    sibling: Issuer
    """Another authority under the same root."""
    responder: Responder
    """Of ``issuing``."""
    sibling_responder: Responder
    unit: Unit
    unit_key: ec.EllipticCurvePrivateKey
    rsa_unit: Unit
    alice: bytes
    """A signer's certificate by ``issuing``, DER."""

    @property
    def alice_serial(self) -> int:
        """Of her certificate."""
        return serial_of(self.alice)


@cache
def golden() -> Golden:
    """The PKI of this run."""
    return asyncio.run(_golden())


def serial_of(certificate: bytes) -> int:
    """Its serial number."""
    number: int = x509.Certificate.load(certificate).serial_number
    return number


def pem(*certificates: bytes) -> bytes:
    """As OpenSSL wants files of them."""
    return b"".join(
        load_der_x509_certificate(one).public_bytes(Encoding.PEM) for one in certificates
    )


_SERIALS = itertools.count(0x5EED << 64)


async def issue(
    issuer: Issuer, profile: Profile, common_name: str, key: Key, days: int = 80
) -> bytes:
    """A certificate of a service, DER."""
    subject = names.authority(PROVIDER, common_name)
    order = Order(profile, subject, public(key), timedelta(days=days))
    return await authority.issue(issuer, order, next(_SERIALS), NOW)


async def _golden() -> Golden:
    root_key = ec.generate_private_key(ec.SECP384R1())
    certificate = await authority.root(
        PROVIDER, "Example Root CA", public(root_key), next(_SERIALS), NOW, signer(root_key)
    )
    root = Issuer(certificate, (), signer(root_key), ROOT_ADDRESSES)
    issuing = await _authority(root, "Example CA G1")
    sibling = await _authority(root, "Example CA G2")
    unit_key = ec.generate_private_key(ec.SECP256R1())
    unit = await issue(issuing, profiles.TSA, "Example TSU 1", unit_key, days=1000)
    rsa_unit = await issue(issuing, profiles.TSA, "Example TSU 2", rsa_key(), days=1000)
    alice_key = ec.generate_private_key(ec.SECP256R1())
    subject = names.person(identity.proofed(ALICE))
    order = Order(profiles.SIGNATURE, subject, public(alice_key), timedelta(days=365), True)
    return Golden(
        root=root,
        issuing=issuing,
        sibling=sibling,
        responder=await _responder(issuing),
        sibling_responder=await _responder(sibling),
        unit=Unit(unit, (issuing.certificate,), P_256, signer(unit_key)),
        unit_key=unit_key,
        rsa_unit=Unit(rsa_unit, (issuing.certificate,), RSA, signer(rsa_key())),
        alice=await authority.issue(issuing, order, next(_SERIALS), NOW),
    )


async def _authority(root: Issuer, common_name: str) -> Issuer:
    key = ec.generate_private_key(ec.SECP384R1())
    certificate = await issue(root, profiles.ISSUING, common_name, key, days=3650)
    return Issuer(certificate, (root.certificate,), signer(key), ADDRESSES)


async def _responder(issuer: Issuer) -> Responder:
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = await issue(issuer, profiles.OCSP, "Example OCSP Responder", key)
    return Responder(issuer.certificate, certificate, P_256, signer(key))
