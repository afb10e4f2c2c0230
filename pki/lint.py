"""Pre-issuance linting: what an authority is about to sign is judged first. (security-and-pki 2.3)

The TBSCertificate is signed by a throw-away key and given to pkilint, in this process. Anything
at WARNING or above refuses; so does a linter that breaks, for silence is no proof.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Final

from asn1crypto import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from pki import certificates
from pki.profiles import Linter
from policies import errors

INTERNAL_DOMAIN: Final = "etsi.internal_domain_name"
"""Of a development instance, whose addresses are on this machine."""
_NO_URI: Final = "pkix.invalid_uri_syntax"
_LOCALHOST: Final = re.compile(r'Invalid URI syntax: "http://localhost(:[0-9]+)?/[!#-~]*"')
"""The linter wants a dot in every host, and calls this one no URI at all."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What the linter has to say."""

    severity: str
    code: str
    detail: str


def check(tbs: bytes, linter: Linter, *, tolerated: frozenset[str] = frozenset()) -> None:
    """Return if these bytes may be signed.

    Args:
        tbs: DER of a TBSCertificate.
        tolerated: Codes of findings that this instance lives with.

    Raises:
        CertificateUnfit: Anything at WARNING or above, or the linter itself failed.
    """
    try:
        judged = findings(_thrown_away(tbs), linter)
        found = [one for one in judged if not _lived_with(one, tolerated)]
    except Exception as error:
        raise errors.CertificateUnfit(f"linter: {type(error).__name__}: {error}") from error
    if found:
        told = (f"{one.severity} {one.code} {one.detail}".strip() for one in found)
        raise errors.CertificateUnfit("; ".join(told))


def _lived_with(finding: Finding, tolerated: frozenset[str]) -> bool:
    here = finding.code == _NO_URI and _LOCALHOST.fullmatch(finding.detail) is not None
    return finding.code in tolerated or (here and INTERNAL_DOMAIN in tolerated)


def findings(der: bytes, linter: Linter) -> list[Finding]:
    """Everything at WARNING or above that is wrong with a certificate.

    Raises:
        ValueError: Not a certificate.
    """
    # Most commands that could issue a certificate never do, and are to start quickly.
    from pki import linters

    return linters.findings(der, linter)


def _thrown_away(tbs: bytes) -> bytes:
    """A certificate over these bytes, signed by a key that nobody trusts."""
    name_of_algorithm = x509.TbsCertificate.load(tbs)["signature"]["algorithm"].native
    digest = hashes.SHA384() if name_of_algorithm.startswith("sha384") else hashes.SHA256()
    if name_of_algorithm.endswith("ecdsa"):
        signature = _curve_key().sign(tbs, ec.ECDSA(digest))
    else:
        signature = _rsa_key().sign(tbs, padding.PKCS1v15(), digest)
    return certificates.sealed(tbs, signature)


@cache
def _curve_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP384R1())


@cache
def _rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 3072)
