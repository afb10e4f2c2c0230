"""Keys and certificates for the tests of the judges, made once: root, issuing CA, leaves."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
NOW = datetime.now(UTC).replace(microsecond=0)
FROM = NOW - timedelta(days=1)
TO = NOW + timedelta(days=365)

Extension = tuple[x509.ExtensionType, bool]
_BITS = (
    *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment"),
    *("key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
)


@cache
def rsa_key() -> rsa.RSAPrivateKey:
    """RSA-2048."""
    return rsa.generate_private_key(65537, 2048)


@cache
def ec_key() -> ec.EllipticCurvePrivateKey:
    """P-256."""
    return ec.generate_private_key(ec.SECP256R1())


@cache
def ca_key(name: str) -> ec.EllipticCurvePrivateKey:
    """P-256, one for each CA."""
    return ec.generate_private_key(ec.SECP256R1())


def called(common_name: str, *more: x509.NameAttribute[str]) -> x509.Name:
    """C, CN and what else is asked for."""
    country = x509.NameAttribute(NameOID.COUNTRY_NAME, "BE")
    return x509.Name([country, x509.NameAttribute(NameOID.COMMON_NAME, common_name), *more])


def usage(**bits: bool) -> Extension:
    """A critical keyUsage with these bits."""
    return x509.KeyUsage(**{name: bits.get(name, False) for name in _BITS}), True


def certificate(
    subject: x509.Name,
    key: Key,
    issuer: x509.Name,
    issuer_key: Key,
    extensions: Iterable[Extension],
    lasts: tuple[datetime, datetime] = (FROM, TO),
) -> x509.Certificate:
    """One certificate."""
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(lasts[0])
        .not_valid_after(lasts[1])
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return builder.sign(issuer_key, hashes.SHA256())


CA: Extension = (x509.BasicConstraints(ca=True, path_length=None), True)
ROOT, ISSUING = called("Test Root"), called("Test Issuing CA")
SIGNER = called("Alice Example", x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Example, Ltd"))
SIGNS = usage(content_commitment=True)
STAMPS: Extension = (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), True)


@cache
def root() -> x509.Certificate:
    """Signed by itself."""
    extensions = [CA, usage(key_cert_sign=True, crl_sign=True)]
    return certificate(ROOT, ca_key("root"), ROOT, ca_key("root"), extensions)


@cache
def issuing() -> x509.Certificate:
    """Signed by the root."""
    extensions = [CA, usage(key_cert_sign=True, crl_sign=True)]
    return certificate(ISSUING, ca_key("issuing"), ROOT, ca_key("root"), extensions)


def leaf(
    key: Key,
    extensions: Iterable[Extension] = (SIGNS,),
    lasts: tuple[datetime, datetime] = (FROM, TO),
    subject: x509.Name = SIGNER,
) -> x509.Certificate:
    """Signed by the issuing CA."""
    return certificate(subject, key, ISSUING, ca_key("issuing"), extensions, lasts)


@cache
def rsa_leaf() -> x509.Certificate:
    """Alice's, with an RSA key."""
    return leaf(rsa_key())


@cache
def ec_leaf() -> x509.Certificate:
    """Alice's, on P-256."""
    return leaf(ec_key())


@cache
def stamping_leaf() -> x509.Certificate:
    """Of a time-stamping unit."""
    unit = called("Test TSU")
    return leaf(ca_key("tsu"), (usage(digital_signature=True), STAMPS), subject=unit)
