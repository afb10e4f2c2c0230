"""What each kind of certificate holds, as data. (security-and-pki 2.2; EN 319 411-1/-2, 412-2/-5)

The default for people is *NCP*, without QCStatements: keys in software, and SoftHSM is software,
are never a qualified device. The qualified profiles are for operators whose device and audit
allow the claim; ``Profile.claims_qualified`` is what warnings hang on.
How a profile becomes bytes is ``pki.certificates``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import Final


class Linter(Enum):
    """Which of pkilint's linters judges a certificate. (security-and-pki 2.3)"""

    QCP_N_QSCD = "QCP_N_QSCD_EIDAS_FINAL_CERTIFICATE"
    NCP_N = "NCP_NATURAL_PERSON_CERTIFICATE"
    """Also for QCP-n without a device, for which there is no linter yet."""
    PKIX = "PKIX"
    """For authorities, responders and time-stamping units: the ETSI linters judge subscribers."""


NCP: Final = "0.4.0.2042.1.1"
QCP_N: Final = "0.4.0.194112.1.0"
QCP_N_QSCD: Final = "0.4.0.194112.1.2"
ANY_POLICY: Final = "2.5.29.32.0"


@dataclass(frozen=True, slots=True)
class Qualified:
    """Which QCStatements claim what. (EN 319 412-5 4.2, 4.3)"""

    device: bool
    """QcSSCD: the key lies in a qualified device."""
    retention_years: int = 10
    """QcRetentionPeriod: how long evidence is kept after expiry."""


@dataclass(frozen=True, slots=True)
class Profile:
    """One kind of certificate."""

    name: str
    """As commands and the registration API write it."""
    key_usage: frozenset[str]
    """asn1crypto's names of the bits; the extension is critical."""
    policies: tuple[str, ...]
    """Policy OIDs; the provider's own is added where there is one."""
    linter: Linter
    longest: timedelta
    """Most a certificate may live; it never outlives its issuer."""
    extended_key_usage: tuple[str, ...] = ()
    extended_key_usage_critical: bool = False
    qualified: Qualified | None = None
    authority: bool = False
    path_length: int | None = None
    """Only of authorities; ``None`` for any."""
    status: bool = True
    """Points to OCSP responder and CRL."""
    issuer_address: bool = True
    """Points to the issuer's certificate."""
    no_check: bool = False
    """id-pkix-ocsp-nocheck: nobody asks for the status of who tells the status (RFC 6960)."""

    @property
    def claims_qualified(self) -> bool:
        """True when the certificate says that it is qualified."""
        return self.qualified is not None


YEAR: Final = timedelta(days=365)
_LONGEST_FOR_PEOPLE: Final = 3 * YEAR + timedelta(days=1)
"""Package 3 of the journeys, with a leap day."""
_SIGNS: Final = frozenset({"non_repudiation"})
"""Type A of EN 319 412-2 4.3.2: commitment and nothing else."""

ROOT: Final = Profile(
    "root",
    frozenset({"key_cert_sign", "crl_sign"}),
    (),
    Linter.PKIX,
    20 * YEAR,
    authority=True,
    status=False,
    issuer_address=False,
)
ISSUING: Final = Profile(
    "issuing",
    frozenset({"key_cert_sign", "crl_sign"}),
    (ANY_POLICY,),
    Linter.PKIX,
    10 * YEAR,
    authority=True,
    path_length=0,
)
QUALIFIED_QSCD: Final = Profile(
    "qualified-qscd",
    _SIGNS,
    (QCP_N_QSCD,),
    Linter.QCP_N_QSCD,
    _LONGEST_FOR_PEOPLE,
    qualified=Qualified(device=True),
)
QUALIFIED: Final = Profile(
    "qualified",
    _SIGNS,
    (QCP_N,),
    Linter.NCP_N,
    _LONGEST_FOR_PEOPLE,
    qualified=Qualified(device=False),
)
SIGNATURE: Final = Profile("signature", _SIGNS, (NCP,), Linter.NCP_N, _LONGEST_FOR_PEOPLE)
"""NCP: what an instance issues unless its operator says otherwise."""
AUTHENTICATION: Final = Profile(
    "authentication",
    frozenset({"digital_signature"}),
    (NCP,),
    Linter.NCP_N,
    _LONGEST_FOR_PEOPLE,
    extended_key_usage=("client_auth",),
)
"""For TLS logins (J8.3); a key of its own, for a key that commits answers no challenges."""
OCSP: Final = Profile(
    "ocsp",
    frozenset({"digital_signature"}),
    (),
    Linter.PKIX,
    timedelta(days=90),
    extended_key_usage=("ocsp_signing",),
    status=False,
    no_check=True,
)
"""Short-lived, because it cannot be revoked; rolled at two thirds (security-and-pki 2.2)."""
TSA: Final = Profile(
    "tsa",
    frozenset({"digital_signature"}),
    (NCP,),
    Linter.PKIX,
    5 * YEAR,
    extended_key_usage=("time_stamping",),
    extended_key_usage_critical=True,
)
"""EKU critical and alone (RFC 3161 2.3)."""

FOR_PEOPLE: Final = {
    one.name: one for one in (SIGNATURE, AUTHENTICATION, QUALIFIED, QUALIFIED_QSCD)
}
"""Profiles that an account's credential may have, by name."""
