"""Validation and self-check as works of the desk: paths go in, a report or a verdict comes out."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from ades import files
from ades.desk import MIB, Limits, Work
from ades.validation.errors import Unreadable
from ades.validation.listed import Listed
from ades.validation.report import Report, SignatureLevel, Verdict

_VALIDATOR = ("ades.validation.validator",)


@dataclass(frozen=True, slots=True)
class Validate(Work[Report]):
    """All signatures of a file that anybody may have given."""

    limits = Limits(wall_s=20.0, cpu_s=10, memory_bytes=512 * MIB, file_bytes=0)
    loads = _VALIDATOR
    raises = (Unreadable,)

    document: Path
    original: Path | None
    """What a detached signature is over."""
    anchors: tuple[bytes, ...]
    """Certificates, PEM or DER."""
    evidence: tuple[bytes, ...]
    """Certificates, revocation lists and OCSP answers, PEM or DER."""
    now: datetime
    listed: Listed = field(default_factory=Listed)
    """Further anchors, from trusted lists."""

    def perform(self) -> Report:
        """Raises ``Unreadable`` for what is no signed file."""
        from ades.validation import trust, validator

        given = trust.of((*self.anchors, *self.listed.authorities), self.evidence)
        given = replace(given, stamp_anchors=trust.of(self.listed.units, ()).anchors)
        original = None if self.original is None else files.read(self.original)
        return validator.validate(files.read(self.document), original, given, self.now)


@dataclass(frozen=True, slots=True)
class ReadLists(Work[Listed]):
    """The services of trusted lists; a large list takes some seconds."""

    limits = Limits(wall_s=180.0, cpu_s=120, memory_bytes=1024 * MIB, file_bytes=0)
    raises = (Unreadable,)

    files: tuple[Path, ...]
    """National lists, and the list of the lists."""
    signers: tuple[bytes, ...]
    """Certificates of who may sign them, PEM or DER, beside those that are known."""
    now: datetime

    def perform(self) -> Listed:
        """Raises ``Unreadable`` for what is no list, or one that is not to be believed."""
        from ades.validation import trust, trusted_lists

        signers = trust.of(self.signers, ()).anchors
        return trusted_lists.listed((one.read_bytes() for one in self.files), signers, self.now)


@dataclass(frozen=True, slots=True)
class Check(Work[Verdict]):
    """The signature that was made last, before it leaves. (security-and-pki 3.4)"""

    limits = Limits(wall_s=10.0, cpu_s=10, memory_bytes=512 * MIB, file_bytes=0)
    loads = _VALIDATOR
    raises = (Unreadable,)

    document: Path
    """The signed PDF, or the CMS."""
    level: SignatureLevel
    """That was asked for; more is as good."""
    anchors: tuple[bytes, ...]
    """Certificates that the chain may end in."""
    evidence: tuple[bytes, ...] | None
    """Status for B-B and B-T; ``None``: these are checked without status. B-LT and B-LTA carry
    theirs in the document."""
    now: datetime
    original: Path | None = None
    """What a detached CMS signature is over."""

    def perform(self) -> Verdict:
        """Raises ``Unreadable`` for what is no signed file any more."""
        from ades.validation import trust, validator

        given = trust.of(self.anchors, self.evidence or ())
        return validator.check(
            files.read(self.document),
            self.level,
            given,
            self.now,
            status_known=self.evidence is not None,
            original=None if self.original is None else files.read(self.original),
        )
