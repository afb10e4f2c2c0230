"""The report: what a validation says, as values. (docs/validation.md explains each field)

The names are part of the public face of ``csc-server validate --json``: they stay. Loads no
library, so that whoever only reads reports stays small.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import orjson

from policies.validation import MEANINGS, Indication, Reason, SubIndication, worst

VERSION: Final = 1
"""Grows when a field changes its meaning; new fields may come at any time."""
LONGEST_TEXT: Final = 300
"""Characters of a name that comes from a document."""


class SignatureLevel(StrEnum):
    """EN 319 142-1 6, EN 319 122-1 6; each includes the ones before."""

    B_B = "B-B"
    B_T = "B-T"
    B_LT = "B-LT"
    B_LTA = "B-LTA"

    def reaches(self, other: SignatureLevel) -> bool:
        """At least that level."""
        order = list(SignatureLevel)
        return order.index(self) >= order.index(other)


@dataclass(frozen=True, slots=True)
class CertificateReport:
    """One certificate."""

    subject: str
    issuer: str
    serial_number: str
    """Hexadecimal."""
    not_before: datetime
    not_after: datetime
    sha256: str
    policies: tuple[str, ...] = ()
    qc_statements: tuple[str, ...] = ()
    """OIDs; what they claim was not compared with a trusted list."""
    key: str = ""


@dataclass(frozen=True, slots=True)
class StatusReport:
    """What is known of the revocation of one certificate."""

    subject: str
    evidence: str | None
    """``ocsp``, ``crl`` or nothing."""
    issued_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class ChainReport:
    """The chain of a certificate."""

    trusted: bool
    reasons: tuple[Reason, ...] = ()
    certificates: tuple[CertificateReport, ...] = ()
    """From the end entity to the anchor, as far as found."""
    revocation: tuple[StatusReport, ...] = ()


@dataclass(frozen=True, slots=True)
class TimestampReport:
    """One time-stamp."""

    kind: str
    """``signature``, ``document`` or ``archive``."""
    time: datetime | None
    valid: bool
    reasons: tuple[Reason, ...] = ()
    chain: ChainReport | None = None


@dataclass(frozen=True, slots=True)
class ChangesReport:
    """What was appended to a PDF after this signature."""

    level: str
    permitted: bool
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LocksReport:
    """What the signer allowed to be changed."""

    certifies: bool
    permission: int | None
    fields_action: str | None
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SignatureReport:
    """One signature, or one document time-stamp."""

    name: str
    """Of the form field; empty for a CMS file."""
    kind: str
    """``signature`` or ``document_timestamp``."""
    format: str
    """``PAdES``, ``CAdES``, or ``CMS`` for one that is neither."""
    indication: Indication
    sub_indication: SubIndication | None
    reasons: tuple[Reason, ...]
    level: SignatureLevel | None
    """Highest level that was reached; only for what is passed."""
    intact: bool
    """What was signed is unchanged and the value fits the certificate."""
    signer: CertificateReport | None = None
    digest_algorithm: str | None = None
    signature_algorithm: str | None = None
    claimed_time: datetime | None = None
    """As the signer says it; proves nothing."""
    proven_time: datetime | None = None
    """The signature existed then: by its own time-stamp or a later one of the document."""
    chain: ChainReport | None = None
    timestamps: tuple[TimestampReport, ...] = ()
    coverage: str | None = None
    changes: ChangesReport | None = None
    locks: LocksReport | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """All signatures of one file."""

    report_version: int
    kind: str
    """``pdf`` or ``cms``."""
    size: int
    sha256: str
    validated_at: datetime
    indication: Indication | None
    """Of the worst signature; ``None`` without a signature."""
    signatures: tuple[SignatureReport, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the check of a signature that was just made says."""

    passed: bool
    level: SignatureLevel | None
    """That was reached; ``None`` when it is not passed."""
    indication: Indication
    sub_indication: SubIndication | None
    reasons: tuple[Reason, ...]


def of(
    kind: str, size: int, sha256: str, now: datetime, signatures: tuple[SignatureReport, ...]
) -> Report:
    """A report on these signatures."""
    indication = worst(one.indication for one in signatures if one.kind == "signature")
    if indication is Indication.PASSED:
        # A time-stamp that is broken leaves a doubt about the document.
        indication = worst(one.indication for one in signatures)
    return Report(VERSION, kind, size, sha256, now, indication, signatures)


def as_json(report: Report) -> bytes:
    """The report as JSON text; each reason with its sentence."""
    return orjson.dumps(
        report, default=_plain, option=orjson.OPT_INDENT_2 | orjson.OPT_PASSTHROUGH_DATACLASS
    )


def _plain(value: object) -> Any:
    if isinstance(value, frozenset):
        return sorted(value)
    fields: dict[str, Any] = {
        name: getattr(value, name)
        for name in value.__dataclass_fields__  # type: ignore[attr-defined]  # orjson passes dataclasses alone
    }
    if "reasons" in fields:
        fields["reasons"] = [
            {"code": reason, "sentence": MEANINGS[reason].sentence} for reason in fields["reasons"]
        ]
    return fields


def clean(text: str) -> str:
    """A text from a document, fit for a terminal and for JSON."""
    kept = "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in text)
    return kept.encode("utf-8", "replace").decode()[:LONGEST_TEXT]
