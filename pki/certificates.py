"""Certificates of the embedded authority: what stands in them, as DER. (RFC 5280, EN 319 412-2)

Builds and encodes; the signature comes from a callable, for the keys live in the HSM. Profiles:
root, issuing authority, and *NCP* for people: no QCStatements, because software keys are never a
qualified device. Status services do not exist yet, so no certificate points to any.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from asn1crypto import algos, keys, x509

Signer = Callable[[bytes], Awaitable[bytes]]
"""From the DER of a TBSCertificate to an ecdsa-with-SHA384 value."""

ROOT_LIFETIME: Final = timedelta(days=7300)
ISSUING_LIFETIME: Final = timedelta(days=3650)
PERSON_LIFETIME: Final = timedelta(days=365)
"""Package 1 of the journeys: one year."""

NCP: Final = "0.4.0.2042.1.1"
"""Normalised certificate policy of EN 319 411-1: no claim to be qualified."""
ANY_POLICY: Final = "2.5.29.32.0"
_SIGNATURE: Final = "sha384_ecdsa"


@dataclass(frozen=True, slots=True)
class Person:
    """The subject of a signing certificate."""

    common_name: str
    country: str
    """ISO 3166-1 alpha-2, upper case."""
    given_name: str | None = None
    surname: str | None = None
    serial_number: str | None = None
    """Makes the subject unique, EN 319 412-1 5.1.3."""


@dataclass(frozen=True, slots=True)
class Validity:
    """From when until when, both included."""

    not_before: datetime
    not_after: datetime


def authority_name(organization: str, country: str, common_name: str) -> x509.Name:
    """Name of an authority."""
    return x509.Name.build(
        {"country_name": country, "organization_name": organization, "common_name": common_name}
    )


def person_name(person: Person) -> x509.Name:
    """Name of a person, only the attributes that are known."""
    known = {
        "country_name": person.country,
        "surname": person.surname,
        "given_name": person.given_name,
        "common_name": person.common_name,
        "serial_number": person.serial_number,
    }
    return x509.Name.build({name: value for name, value in known.items() if value})


async def root(
    name: x509.Name, public_key: bytes, serial: int, now: datetime, sign: Signer
) -> bytes:
    """A self-signed root certificate, DER."""
    extensions = [*_authority(path_length=None), _subject_key(public_key)]
    validity = Validity(now, now + ROOT_LIFETIME)
    return await _certificate(name, name, public_key, serial, validity, extensions, sign)


async def issuing(
    name: x509.Name, issuer: bytes, public_key: bytes, serial: int, now: datetime, sign: Signer
) -> bytes:
    """A certificate for the issuing authority, DER."""
    parent = x509.Certificate.load(issuer)
    extensions = [
        *_authority(path_length=0),
        _subject_key(public_key),
        _authority_key(parent),
        _policies(ANY_POLICY),
    ]
    validity = Validity(now, min(now + ISSUING_LIFETIME, parent.not_valid_after))
    return await _certificate(name, parent.subject, public_key, serial, validity, extensions, sign)


async def person(
    subject: Person, issuer: bytes, public_key: bytes, serial: int, now: datetime, sign: Signer
) -> bytes:
    """A signing certificate for a person, DER; key usage is nonRepudiation alone (type A)."""
    parent = x509.Certificate.load(issuer)
    extensions = [
        _extension("key_usage", {"non_repudiation"}, critical=True),
        _subject_key(public_key),
        _authority_key(parent),
        _policies(NCP),
    ]
    validity = Validity(now, min(now + PERSON_LIFETIME, parent.not_valid_after))
    return await _certificate(
        person_name(subject), parent.subject, public_key, serial, validity, extensions, sign
    )


async def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    public_key: bytes,
    serial: int,
    validity: Validity,
    extensions: list[dict[str, Any]],
    sign: Signer,
) -> bytes:
    algorithm = algos.SignedDigestAlgorithm({"algorithm": _SIGNATURE})
    tbs = x509.TbsCertificate(
        {
            "version": "v3",
            "serial_number": serial,
            "signature": algorithm,
            "issuer": issuer,
            "validity": {
                "not_before": _time(validity.not_before),
                "not_after": _time(validity.not_after),
            },
            "subject": subject,
            "subject_public_key_info": keys.PublicKeyInfo.load(public_key),
            "extensions": extensions,
        }
    )
    certificate = x509.Certificate(
        {
            "tbs_certificate": tbs,
            "signature_algorithm": algorithm,
            "signature_value": await sign(tbs.dump()),
        }
    )
    return bytes(certificate.dump())


def _time(instant: datetime) -> x509.Time:
    """RFC 5280 4.1.2.5: whole seconds, UTCTime until 2049."""
    kind = "utc_time" if instant.year < 2050 else "general_time"
    return x509.Time({kind: instant.replace(microsecond=0)})


def _extension(name: str, value: Any, *, critical: bool = False) -> dict[str, Any]:
    return {"extn_id": name, "critical": critical, "extn_value": value}


def _authority(path_length: int | None) -> list[dict[str, Any]]:
    return [
        _extension(
            "basic_constraints", {"ca": True, "path_len_constraint": path_length}, critical=True
        ),
        _extension("key_usage", {"key_cert_sign", "crl_sign"}, critical=True),
    ]


def _subject_key(public_key: bytes) -> dict[str, Any]:
    """RFC 5280 4.2.1.2, method 1: SHA-1 names the key, nothing relies on its strength."""
    bits = bytes(keys.PublicKeyInfo.load(public_key)["public_key"])
    return _extension("key_identifier", hashlib.sha1(bits, usedforsecurity=False).digest())


def _authority_key(parent: x509.Certificate) -> dict[str, Any]:
    return _extension("authority_key_identifier", {"key_identifier": parent.key_identifier})


def _policies(oid: str) -> dict[str, Any]:
    return _extension("certificate_policies", [{"policy_identifier": oid}])
