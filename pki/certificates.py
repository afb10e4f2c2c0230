"""From a draft to the bytes that an authority signs, and to the certificate. (RFC 5280 4.1)

Builds and encodes, nothing else: the profile says what stands in a certificate
(``pki.profiles``), a linter judges it (``pki.lint``), the signature is made elsewhere. The bytes
that were linted are the bytes that are signed.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from asn1crypto import algos, core, keys, x509

from pki import statements
from pki.profiles import Profile
from policies.algorithms import HashAlgorithm, Scheme, SignAlgorithm

_SIGNATURES: Final = {
    (Scheme.ECDSA, HashAlgorithm.SHA256): "sha256_ecdsa",
    (Scheme.ECDSA, HashAlgorithm.SHA384): "sha384_ecdsa",
    (Scheme.RSA_PKCS1, HashAlgorithm.SHA256): "sha256_rsa",
    (Scheme.RSA_PKCS1, HashAlgorithm.SHA384): "sha384_rsa",
}
_STATEMENTS: Final = "1.3.6.1.5.5.7.1.3"
"""qcStatements, never critical (EN 319 412-5 4.1)."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where an authority's certificate and status are found: http, as RFC 5280 wants it."""

    issuer: str
    """The issuer's certificate, DER."""
    crl: str
    ocsp: str
    """Empty for a root: its few certificates are on its CRL."""
    practice: str = ""
    """The practice statement, with ``policy``."""
    policy: str = ""
    """The provider's own certificate policy, an OID; empty for none."""
    disclosure: tuple[tuple[str, str], ...] = ()
    """(https URL, language) of the disclosure statement; English among them (QcPDS)."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A certificate that is to be made."""

    profile: Profile
    subject: x509.Name
    public_key: bytes
    """SubjectPublicKeyInfo, DER."""
    serial: int
    """Positive, at least 64 random bits, at most 20 octets (RFC 5280 4.1.2.2)."""
    not_before: datetime
    not_after: datetime
    """Whole seconds; the last one belongs to the life."""
    addresses: Addresses | None
    """``None`` for a root."""
    semantics: bool = False
    """The subject's serialNumber is of a scheme of EN 319 412-1 (QCStatements say so)."""


def to_be_signed(draft: Draft, issuer: bytes | None, algorithm: SignAlgorithm) -> bytes:
    """DER of the TBSCertificate.

    Args:
        issuer: The issuer's certificate, DER; ``None`` for one that signs itself.
        algorithm: What the issuer's key signs with.
    """
    parent = x509.Certificate.load(issuer) if issuer else None
    tbs = x509.TbsCertificate(
        {
            "version": "v3",
            "serial_number": draft.serial,
            "signature": _algorithm(algorithm),
            "issuer": parent.subject if parent else draft.subject,
            "validity": {
                "not_before": time(draft.not_before),
                "not_after": time(draft.not_after),
            },
            "subject": draft.subject,
            "subject_public_key_info": keys.PublicKeyInfo.load(draft.public_key),
            "extensions": _extensions(draft, parent),
        }
    )
    return bytes(tbs.dump())


def sealed(tbs: bytes, signature: bytes) -> bytes:
    """The certificate, DER: the bytes that were signed, untouched, and the signature."""
    inner = x509.TbsCertificate.load(tbs)
    algorithm = inner["signature"].dump()
    body = tbs + algorithm + core.OctetBitString(signature).dump()
    return bytes(core.Sequence(contents=body).dump())


def time(instant: datetime) -> x509.Time:
    """RFC 5280 4.1.2.5: whole seconds, UTCTime until 2049."""
    kind = "utc_time" if instant.year < 2050 else "general_time"
    return x509.Time({kind: instant.replace(microsecond=0)})


def key_identifier(public_key: bytes) -> bytes:
    """RFC 5280 4.2.1.2, method 1: SHA-1 names the key, nothing relies on its strength."""
    bits = bytes(keys.PublicKeyInfo.load(public_key)["public_key"])
    return hashlib.sha1(bits, usedforsecurity=False).digest()


def _algorithm(algorithm: SignAlgorithm) -> algos.SignedDigestAlgorithm:
    name = _SIGNATURES[algorithm.scheme, algorithm.hash_algorithm]
    return algos.SignedDigestAlgorithm({"algorithm": name})


def _extensions(draft: Draft, parent: x509.Certificate | None) -> list[dict[str, Any]]:
    profile = draft.profile
    found = [
        _extension("key_usage", set(profile.key_usage), critical=True),
        _extension("key_identifier", key_identifier(draft.public_key)),
    ]
    if profile.authority:
        limits = {"ca": True, "path_len_constraint": profile.path_length}
        found.insert(0, _extension("basic_constraints", limits, critical=True))
    issuer_key = parent.key_identifier if parent else key_identifier(draft.public_key)
    found.append(_extension("authority_key_identifier", {"key_identifier": issuer_key}))
    if profile.extended_key_usage:
        uses = list(profile.extended_key_usage)
        critical = profile.extended_key_usage_critical
        found.append(_extension("extended_key_usage", uses, critical=critical))
    if profile.no_check:
        found.append(_extension("ocsp_no_check", core.Null()))
    if draft.addresses is not None:
        found += _pointers(profile, draft.addresses)
    if profile.qualified is not None and draft.addresses is not None:
        value = statements.encode(profile.qualified, draft.addresses.disclosure, draft.semantics)
        found.append(_extension(_STATEMENTS, core.ParsableOctetString(value.dump())))
    return found


def _pointers(profile: Profile, addresses: Addresses) -> list[dict[str, Any]]:
    found = []
    policies = [{"policy_identifier": oid} for oid in profile.policies]
    if addresses.policy and not profile.authority:
        policies.append(_own_policy(addresses))
    if policies:
        found.append(_extension("certificate_policies", policies))
    places = []
    if profile.status and addresses.ocsp:
        places.append(_place("ocsp", addresses.ocsp))
    if profile.issuer_address:
        places.append(_place("ca_issuers", addresses.issuer))
    if places:
        found.append(_extension("authority_information_access", places))
    if profile.status:
        point = {"distribution_point": {"full_name": [_url(addresses.crl)]}}
        found.append(_extension("crl_distribution_points", [point]))
    return found


def _own_policy(addresses: Addresses) -> dict[str, Any]:
    policy: dict[str, Any] = {"policy_identifier": addresses.policy}
    if addresses.practice:
        qualifier = {
            "policy_qualifier_id": "certification_practice_statement",
            "qualifier": addresses.practice,
        }
        policy["policy_qualifiers"] = [qualifier]
    return policy


def _place(method: str, url: str) -> dict[str, Any]:
    return {"access_method": method, "access_location": _url(url)}


def _url(url: str) -> x509.GeneralName:
    return x509.GeneralName("uniform_resource_identifier", x509.URI(url))


def _extension(name: str, value: Any, *, critical: bool = False) -> dict[str, Any]:
    return {"extn_id": name, "critical": critical, "extn_value": value}
