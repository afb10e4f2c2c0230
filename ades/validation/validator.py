"""Validate a file, and check a signature that was just made. Pure: bytes in, a report out.

To be called in a process of its own: a reader of PDFs meets bytes from strangers here.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from datetime import datetime
from typing import Final

from ades.validation import cades, pdf, report
from ades.validation.chains import Judge
from ades.validation.errors import Unreadable
from ades.validation.report import Report, SignatureLevel, SignatureReport, Verdict
from ades.validation.trust import Trust
from policies.validation import Indication, Reason

for _name in ("pyhanko", "pyhanko_certvalidator"):
    # They log what is wrong with documents, with tracebacks; our reports say it.
    logging.getLogger(_name).setLevel(logging.CRITICAL)

HEADER_WITHIN: Final = 1024
"""security-and-pki 5.5: the header stands within the first KiB."""


def validate(document: bytes, original: bytes | None, trust: Trust, now: datetime) -> Report:
    """A report on all signatures of a PDF or a CMS file.

    Args:
        document: PDF, or CMS in DER or PEM.
        original: What a detached CMS signature is over.
        trust: Anchors and evidence of the caller.
        now: Aware; everything is judged as of then.

    Raises:
        Unreadable: Neither a PDF nor a signature, or one that cannot be read.
    """
    judge = Judge(trust.anchors, trust.stamp_anchors)
    try:
        kind, signatures = asyncio.run(_signatures(document, original, trust, judge, now))
    except RecursionError as error:
        raise Unreadable("The file is nested too deep.") from error
    return report.of(kind, len(document), hashlib.sha256(document).hexdigest(), now, signatures)


def check(
    document: bytes,
    level: SignatureLevel,
    given: Trust,
    now: datetime,
    *,
    status_known: bool,
    original: bytes | None = None,
) -> Verdict:
    """Whether the signature that was made last has its level. (security-and-pki 3.4)

    Args:
        document: The signed PDF, or the CMS.
        level: That was asked for. For B-LT and B-LTA the evidence must be in the document.
        given: Certificates that its chain may end in; evidence counts for B-B and B-T.
        now: Aware.
        status_known: B-B and B-T are checked with the status of their certificates.
        original: For a detached CMS signature.

    Raises:
        Unreadable: Not a PDF or CMS any more.
    """
    own = level.reaches(SignatureLevel.B_LT)
    trust = Trust(given.anchors, stamp_anchors=given.stamp_anchors) if own else given
    required = own or status_known
    judge = Judge(trust.anchors, trust.stamp_anchors, status_required=required)
    _, signatures = asyncio.run(_signatures(document, original, trust, judge, now))
    made = [one for one in signatures if one.kind == "signature"]
    if not made:
        raise Unreadable("There is no signature.")
    return _verdict(made[-1], level)


def _verdict(made: SignatureReport, level: SignatureLevel) -> Verdict:
    reached = made.level is not None and made.level.reaches(level)
    # Evidence comes behind the signature; without any the signature is the last thing there is.
    more = made.level is not None and made.level.reaches(SignatureLevel.B_LT)
    whole = more or made.coverage in (None, "entire_file")
    reasons = made.reasons
    if made.indication is Indication.PASSED and not reached:
        reasons = (Reason.LEVEL_NOT_REACHED,)
    elif made.indication is Indication.PASSED and not whole:
        reasons = (Reason.CHANGED_AFTER_SIGNING,)
    return Verdict(
        passed=made.indication is Indication.PASSED and reached and whole,
        level=made.level,
        indication=made.indication,
        sub_indication=made.sub_indication,
        reasons=reasons,
    )


async def _signatures(
    document: bytes, original: bytes | None, trust: Trust, judge: Judge, now: datetime
) -> tuple[str, tuple[SignatureReport, ...]]:
    if b"%PDF-" in document[:HEADER_WITHIN]:
        opened = pdf.opened(document)
        return "pdf", tuple(await pdf.reports(opened, trust, judge, now))
    data = cades.unarmored(document)
    return "cms", (await cades.report(data, original, trust, judge, now),)
