"""A work of the desk: what was just signed is checked at its level, before it leaves.

By a child that did not make it, with the validator that anybody's documents are judged by
(``ades.validation``). (docs/adr/0012; security-and-pki 3.4)
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from asn1crypto import cms

from ades import files
from ades.desk import MIB, Limits, Work
from ades.validation.errors import Unreadable
from ades.validation.report import SignatureLevel, SignatureReport, Verdict
from policies.documents import Level
from policies.validation import Indication, Reason, conclusion

if TYPE_CHECKING:
    from ades.validation.trust import Trust

LEVELS: Final = {
    Level.B_B: SignatureLevel.B_B,
    Level.B_T: SignatureLevel.B_T,
    Level.B_LT: SignatureLevel.B_LT,
    Level.B_LTA: SignatureLevel.B_LTA,
}


@dataclass(frozen=True, slots=True)
class Made:
    """One signature that was made."""

    path: Path
    """The signed PDF, or the CMS."""
    level: Level
    """That was asked for."""
    original: Path | None = None
    """What a detached signature is over."""
    digest: bytes | None = None
    """The same, where the client gave no more of it."""
    pades: bool = False
    """For ``digest``: the CMS is to go into a PDF, and claims no time."""


@dataclass(frozen=True, slots=True)
class CheckMade(Work[tuple[Verdict, ...]]):
    """A verdict on each."""

    limits: ClassVar[Limits] = Limits(wall_s=20, cpu_s=15, memory_bytes=512 * MIB, file_bytes=0)
    # The others are loaded by the first one, but only when it first needs them.
    loads: ClassVar[tuple[str, ...]] = (
        "ades.validation.validator",
        "cryptography.hazmat.backends.openssl.backend",
        "pyhanko.pdf_utils.filters",
    )
    made: tuple[Made, ...]
    anchors: tuple[bytes, ...]
    """Certificates, DER or PEM, that chains may end in: of signers and of time-stamps."""
    tokens: tuple[bytes, ...]
    """Time-stamps of an authority that is believed by its address: what comes with them are
    anchors too."""
    now: datetime

    def perform(self) -> tuple[Verdict, ...]:
        """In the child."""
        from ades.validation import trust

        anchors = (*self.anchors, *(one for token in self.tokens for one in _certificates(token)))
        given = trust.of(anchors, ())
        return tuple(self._check(one, given) for one in self.made)

    def _check(self, one: Made, given: Trust) -> Verdict:
        from ades.validation import validator

        try:
            data = files.read(one.path)
            if one.digest is not None:
                return self._by_digest(data, one, one.digest, given)
            original = None if one.original is None else files.read(one.original)
            level = LEVELS[one.level]
            return validator.check(
                data, level, given, self.now, status_known=False, original=original
            )
        except Unreadable:
            return _verdict((Reason.CMS_BROKEN,))

    def _by_digest(self, data: bytes, one: Made, digest: bytes, given: Trust) -> Verdict:
        from ades.validation import cades
        from ades.validation.chains import Judge

        own = LEVELS[one.level].reaches(SignatureLevel.B_LT)
        judge = Judge(given.anchors, status_required=own)
        report = asyncio.run(cades.report(data, None, given, judge, self.now, digest=digest))
        reached = report.level
        if one.pades and report.format == "CMS" and report.indication is Indication.PASSED:
            # No time in it, as PAdES wants it, so that it is none of CAdES.
            reached = _reached(report)
        if report.indication is not Indication.PASSED:
            return _verdict(report.reasons)
        if reached is None or not reached.reaches(LEVELS[one.level]):
            return _verdict((Reason.LEVEL_NOT_REACHED,))
        return Verdict(True, reached, Indication.PASSED, None, ())


def _reached(report: SignatureReport) -> SignatureLevel:
    stamped = any(stamp.valid for stamp in report.timestamps)
    return SignatureLevel.B_T if stamped else SignatureLevel.B_B


def _verdict(reasons: tuple[Reason, ...]) -> Verdict:
    indication, sub_indication = conclusion(list(reasons))
    return Verdict(False, None, indication, sub_indication, reasons)


def _certificates(token: bytes) -> list[bytes]:
    found = cms.ContentInfo.load(token)["content"]["certificates"] or ()
    return [one.dump() for one in found]
