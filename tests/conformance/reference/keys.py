"""Software keys and their certificates: root, issuing CA, one leaf for each name.

Made once in a process, since an RSA key takes a tenth of a second. Nothing is revoked here.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

_YEARS: Final = timedelta(days=730)
_AGE: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Holder:
    """A private key and the chain that names it."""

    key: Key
    chain: tuple[x509.Certificate, ...]
    """Its own certificate first, the root last."""

    @property
    def certificate(self) -> x509.Certificate:
        """Its own."""
        return self.chain[0]

    def der(self) -> tuple[bytes, ...]:
        """The chain as DER, in the same order."""
        return tuple(one.public_bytes(Encoding.DER) for one in self.chain)


@functools.cache
def root() -> Holder:
    """The trust anchor."""
    key = ec.generate_private_key(ec.SECP256R1())
    return Holder(key, (_certificate("Reference Root", key, None, ca=True, extra=()),))


@functools.cache
def issuing() -> Holder:
    """The CA that issues the leaves."""
    key = ec.generate_private_key(ec.SECP256R1())
    above = root()
    certificate = _certificate("Reference Issuing CA", key, above, ca=True, extra=())
    return Holder(key, (certificate, *above.chain))


@functools.cache
def leaf(name: str, kind: str = "EC") -> Holder:
    """Key and certificate of ``name``; ``kind`` is ``EC`` or ``RSA``."""
    usage = _usage(content_commitment=True)
    return issue(name, _key(kind), ((usage, True),))


def issue(name: str, key: Key, extra: tuple[tuple[x509.ExtensionType, bool], ...]) -> Holder:
    """A leaf of the issuing CA with these extensions (and whether they are critical)."""
    above = issuing()
    return Holder(key, (_certificate(name, key, above, ca=False, extra=extra), *above.chain))


def _key(kind: str) -> Key:
    if kind == "RSA":
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return ec.generate_private_key(ec.SECP256R1())


def _certificate(
    name: str,
    key: Key,
    above: Holder | None,
    *,
    ca: bool,
    extra: tuple[tuple[x509.ExtensionType, bool], ...],
) -> x509.Certificate:
    now = datetime.now(UTC).replace(microsecond=0)
    subject = _name(name)
    issuer = above.certificate.subject if above else subject
    signer = above.key if above else key
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _AGE)
        .not_valid_after(now + _YEARS)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(_authority(signer), critical=False)
    )
    if ca:
        builder = builder.add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
    for extension, critical in extra:
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(signer, hashes.SHA256())


def _authority(signer: Key) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())


def _name(common: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "BE"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Reference"),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def _usage(**wanted: bool) -> x509.KeyUsage:
    bits = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    )
    return x509.KeyUsage(**{bit: wanted.get(bit, False) for bit in bits})
