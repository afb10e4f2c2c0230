"""Evidence of revocation: which of it is fresh, what it says. (RFC 5280 5, RFC 6960)

Whether its signature is good is the path validator's work; this module bounds the time, and tells
for the report which piece speaks of which certificate.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from asn1crypto import crl, ocsp, x509
from cryptography.x509 import load_der_x509_crl
from pyhanko_certvalidator.ltv.types import ValidationTimingParams
from pyhanko_certvalidator.policy_decl import CertRevTrustPolicy
from pyhanko_certvalidator.revinfo.archival import (
    CRLContainer,
    OCSPContainer,
    RevinfoUsability,
    RevinfoUsabilityRating,
)

from ades.validation.trust import Evidence

CLOCKS_DIFFER: Final = timedelta(minutes=1)
"""How much the clock of an authority may be ahead of ours."""


@dataclass(frozen=True, slots=True)
class Window:
    """When evidence is fresh."""

    issued_until: datetime
    """Not issued after this."""
    fresh_at: datetime
    """Speaks of this moment or of a later one."""

    def usability(self, this_update: datetime, next_update: datetime | None) -> RevinfoUsability:
        """What the path validator is told."""
        until = next_update or this_update
        if this_update > self.issued_until + CLOCKS_DIFFER:
            return RevinfoUsability(RevinfoUsabilityRating.TOO_NEW)
        if until < self.fresh_at:
            return RevinfoUsability(RevinfoUsabilityRating.STALE, until, self.fresh_at)
        return RevinfoUsability(RevinfoUsabilityRating.OK)


@dataclass(frozen=True)
class List(CRLContainer):
    """A revocation list with our window."""

    window: Window | None = None

    def __init__(self, crl_data: crl.CertificateList, window: Window) -> None:
        object.__setattr__(self, "crl_data", crl_data)
        object.__setattr__(self, "window", window)

    def usable_at(
        self,
        policy: CertRevTrustPolicy,  # noqa: ARG002 - the interface has it
        timing_params: ValidationTimingParams,  # noqa: ARG002 - the same
    ) -> RevinfoUsability:
        """Whatever the policy says: our window."""
        assert self.window is not None  # noqa: S101 - set above
        return self.window.usability(*_times(self.crl_data["tbs_cert_list"]))


@dataclass(frozen=True)
class Answer(OCSPContainer):
    """An OCSP answer with our window."""

    window: Window | None = None

    def usable_at(
        self,
        policy: CertRevTrustPolicy,  # noqa: ARG002 - the interface has it
        timing_params: ValidationTimingParams,  # noqa: ARG002 - the same
    ) -> RevinfoUsability:
        """Whatever the policy says: our window."""
        single = self.extract_single_response()
        if single is None or self.window is None:
            return RevinfoUsability(RevinfoUsabilityRating.UNCLEAR)
        return self.window.usability(*_times(single))


def answers(ocsps: Iterable[ocsp.OCSPResponse], window: Window) -> Iterator[Answer]:
    """One for each certificate that each of them speaks of."""
    for one in ocsps:
        for single in OCSPContainer.load_multi(one):
            yield Answer(single.ocsp_response_data, single.index, window)


def of_living(evidence: Evidence, now: datetime) -> Evidence:
    """Without OCSP answers whose responder's certificate has ended."""

    def lives(one: ocsp.OCSPResponse) -> bool:
        basic = one["response_bytes"]["response"].parsed
        return all(certificate.not_valid_after >= now for certificate in basic["certs"] or ())

    return Evidence(evidence.certificates, evidence.crls, tuple(filter(lives, evidence.ocsps)))


@dataclass(frozen=True, slots=True)
class Status:
    """What the evidence says of one certificate."""

    certificate: x509.Certificate
    kind: str | None
    """``ocsp``, ``crl``, or ``None``: nothing fresh speaks of it."""
    issued_at: datetime | None
    revoked_at: datetime | None

    @property
    def revoked(self) -> bool:
        """Fresh evidence says so."""
        return self.revoked_at is not None


def of(
    certificate: x509.Certificate, issuer: x509.Certificate, evidence: Evidence, window: Window
) -> Status:
    """The latest word of fresh evidence; of words that differ, "revoked"."""
    spoken = [
        *_of_answers(certificate, issuer, evidence, window),
        *_of_lists(certificate, issuer, evidence, window),
    ]
    bad = [one for one in spoken if one.revoked]
    return max(
        bad or spoken,
        key=lambda one: one.issued_at or window.fresh_at,
        default=Status(certificate, None, None, None),
    )


def _of_answers(
    certificate: x509.Certificate, issuer: x509.Certificate, evidence: Evidence, window: Window
) -> Iterator[Status]:
    key = hashlib.sha1(bytes(issuer.public_key["public_key"]), usedforsecurity=False).digest()
    key256 = issuer.public_key.sha256
    for answer in answers(evidence.ocsps, window):
        single: Any = answer.extract_single_response()
        named = single["cert_id"]
        if named["serial_number"].native != certificate.serial_number:
            continue
        if named["issuer_key_hash"].native not in (key, key256):
            continue
        this_update, next_update = _times(single)
        if window.usability(this_update, next_update).rating is not RevinfoUsabilityRating.OK:
            continue
        revoked_at = None
        if single["cert_status"].name == "revoked":
            revoked_at = single["cert_status"].chosen["revocation_time"].native
        yield Status(certificate, "ocsp", this_update, revoked_at)


def _of_lists(
    certificate: x509.Certificate, issuer: x509.Certificate, evidence: Evidence, window: Window
) -> Iterator[Status]:
    for one in evidence.crls:
        if one.issuer != issuer.subject:
            continue
        this_update, next_update = _times(one["tbs_cert_list"])
        if window.usability(this_update, next_update).rating is not RevinfoUsabilityRating.OK:
            continue
        # asn1crypto would walk through all entries.
        entry = load_der_x509_crl(one.dump()).get_revoked_certificate_by_serial_number(
            certificate.serial_number
        )
        revoked_at = None if entry is None else entry.revocation_date_utc
        yield Status(certificate, "crl", this_update, revoked_at)


def _times(dated: Any) -> tuple[datetime, datetime | None]:
    this_update: datetime = dated["this_update"].native
    next_update: datetime | None = dated["next_update"].native
    return this_update, next_update
