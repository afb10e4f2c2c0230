"""All signatures of a PDF, judged. (EN 319 142-1; EN 319 102-1)

First the document time-stamps from the last to the first, each as of the next good one; then each
signature as of the first good one behind it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Final

from pyhanko.pdf_utils.decode_limits import (
    DecodeLimits,
    DocumentDecodeBudget,
    StreamDecodeLimits,
)
from pyhanko.pdf_utils.reader import PdfFileReader

from ades.pdf import quick
from ades.validation import describe, evidence, judging, revisions, timestamps, values
from ades.validation.chains import Judge, Moment
from ades.validation.containers import Container, Refused
from ades.validation.errors import Unreadable
from ades.validation.judging import Archived, Setting
from ades.validation.report import (
    ChangesReport,
    LocksReport,
    SignatureReport,
    TimestampReport,
    clean,
)
from ades.validation.revisions import Signed
from ades.validation.timestamps import Stamp
from ades.validation.trust import Evidence, Trust
from policies.validation import Reason, conclusion

quick.install()

MIB: Final = 1024 * 1024
STREAM_LIMIT: Final = 75 * MIB
"""security-and-pki 5.5: most decoded bytes of one stream."""
DOCUMENT_LIMIT: Final = 200 * MIB
"""security-and-pki 5.5: most decoded bytes of a document."""


@dataclass(slots=True)
class Opened:
    """A PDF that can be read, its signatures found."""

    reader: PdfFileReader
    signed: list[Signed]
    own: Evidence
    """Evidence of the document as it is now."""

    def evidence_of(self, signed: Signed) -> Evidence:
        """What the revision of ``signed`` had."""
        if signed.revision == self.reader.xrefs.total_revisions - 1:
            return self.own
        return evidence.of(self.reader.get_historical_resolver(signed.revision))


def opened(document: bytes) -> Opened:
    """The document, its signatures found and their integrity judged.

    Raises:
        Unreadable: Not a PDF that we read.
    """
    limits = DecodeLimits(
        per_stream=StreamDecodeLimits(max_output_size=STREAM_LIMIT),
        document_budget=DocumentDecodeBudget(base_allowance=DOCUMENT_LIMIT, max_ratio=0),
    )
    try:
        reader = PdfFileReader(BytesIO(document), strict=True, decode_limits=limits)
        if reader.security_handler is not None or "/Encrypt" in reader.trailer:
            raise Unreadable("The document is encrypted.")
        return Opened(reader, revisions.signatures(reader, document), evidence.of(reader))
    except RecursionError as error:
        raise Unreadable("The document is nested too deep.") from error
    except Unreadable:
        raise
    except revisions.BROKEN as error:
        raise Unreadable(f"The document is broken ({type(error).__name__}).") from error


async def reports(
    opened: Opened, trust: Trust, judge: Judge, today: datetime
) -> list[SignatureReport]:
    """A report on each signature and document time-stamp, in the order of their revisions."""
    stamps = await _stamps(opened, trust, judge, today)
    found = []
    for signed in opened.signed:
        if signed.timestamp:
            found.append(_of_stamp(signed, stamps.get(signed.name)))
        else:
            found.append(await _of_signature(opened, signed, stamps, trust, judge, today))
    return found


async def _stamps(opened: Opened, trust: Trust, judge: Judge, today: datetime) -> dict[str, Stamp]:
    """The document time-stamps by their fields, from the last to the first."""
    found: dict[str, Stamp] = {}
    now, known = today, opened.own + trust.given
    for signed in reversed(opened.signed):
        if not signed.timestamp or signed.findings or signed.container is None:
            continue
        assert signed.covered is not None  # noqa: S101 - set with the container
        stamp = await timestamps.judge(
            "document",
            signed.container,
            signed.covered.digest,
            judge,
            known,
            Moment(now, None, today),
            opened.own + trust.given,
        )
        found[signed.name] = stamp
        if stamp.valid and stamp.time is not None:
            now, known = stamp.time, opened.evidence_of(signed)
    return found


def _archives(
    opened: Opened, signed: Signed, container: Container, stamps: dict[str, Stamp]
) -> Iterator[Archived]:
    """Good document time-stamps behind a signature, the first one first."""
    # The container of the signature lies in what they cover.
    carried = judging.carried(container)
    for one in opened.signed:
        stamp = stamps.get(one.name)
        if one.revision > signed.revision and stamp is not None and stamp.valid and stamp.time:
            yield Archived(stamp.time, opened.evidence_of(one) + carried)


async def _of_signature(
    opened: Opened,
    signed: Signed,
    stamps: dict[str, Stamp],
    trust: Trust,
    judge: Judge,
    today: datetime,
) -> SignatureReport:
    found = list(signed.findings)
    container = signed.container
    if container is None or signed.covered is None:
        return _report(signed, found, None, intact=False)
    try:
        digest = signed.covered.digest(values.digest_name(container))
        wrong = values.findings(container, digest, values.DATA, today)
        if container.content is not None:
            wrong.append(Reason.CONTENT_TWICE)
    except Refused as refusal:
        wrong = [refusal.reason]
    except revisions.BROKEN:
        wrong = [Reason.CMS_BROKEN]
    if wrong:
        return _report(signed, [*wrong, *found], None, intact=False)
    archives = tuple(_archives(opened, signed, container, stamps))
    setting = Setting(judge, today, trust.given, opened.own, archives)
    judged = await judging.judge(container, setting)
    return _report(signed, [*found, *judged.reasons], judged, intact=True)


def _report(
    signed: Signed, found: list[Reason], judged: judging.Judged | None, *, intact: bool
) -> SignatureReport:
    indication, sub_indication = conclusion(found)
    said = describe.container(signed.container)
    pades = signed.subfilter == revisions.PADES
    level = None if judged is None or found or not pades else judged.level
    return SignatureReport(
        name=clean(signed.name),
        kind="signature",
        format="PAdES" if pades else "CMS",
        indication=indication,
        sub_indication=sub_indication,
        reasons=tuple(dict.fromkeys(found)),
        level=level,
        intact=intact,
        signer=said.signer,
        digest_algorithm=said.digest_algorithm,
        signature_algorithm=said.signature_algorithm,
        claimed_time=signed.claimed_at or said.signing_time,
        proven_time=None if judged is None else judged.proven,
        chain=None if judged is None or judged.chain is None else describe.chain(judged.chain),
        timestamps=() if judged is None else tuple(stamp.report() for stamp in judged.stamps),
        coverage=signed.coverage,
        changes=_changes(signed),
        locks=_locks(signed),
    )


def _of_stamp(signed: Signed, stamp: Stamp | None) -> SignatureReport:
    reasons = list(signed.findings)
    if stamp is not None:
        reasons += stamp.reasons
        if stamp.chain is not None:
            reasons += stamp.chain.reasons
    indication, sub_indication = conclusion(reasons)
    reports: tuple[TimestampReport, ...] = () if stamp is None else (stamp.report(),)
    said = describe.container(signed.container)
    return SignatureReport(
        name=clean(signed.name),
        kind="document_timestamp",
        format="PAdES",
        indication=indication,
        sub_indication=sub_indication,
        reasons=tuple(dict.fromkeys(reasons)),
        level=None,
        intact=stamp is not None and not signed.findings and stamp.chain is not None,
        signer=said.signer,
        digest_algorithm=said.digest_algorithm,
        signature_algorithm=said.signature_algorithm,
        proven_time=stamp.time if stamp is not None and stamp.valid else None,
        chain=None if stamp is None or stamp.chain is None else describe.chain(stamp.chain),
        timestamps=reports,
        coverage=signed.coverage,
        changes=_changes(signed),
        locks=_locks(signed),
    )


def _changes(signed: Signed) -> ChangesReport:
    bad = {
        Reason.CHANGED_AFTER_SIGNING,
        Reason.CHANGE_NOT_PERMITTED,
        Reason.FIELDS_FILLED_AFTER_SIGNING,
        Reason.COVERAGE_UNCLEAR,
    }
    permitted = bad.isdisjoint(signed.findings)
    names = tuple(clean(name) for name in signed.changes.fields)
    return ChangesReport(signed.changes.level, permitted, names)


def _locks(signed: Signed) -> LocksReport:
    locks = signed.locks
    names = tuple(clean(name) for name in locks.fields)
    return LocksReport(locks.certifies, locks.permission, locks.fields_action, names)
