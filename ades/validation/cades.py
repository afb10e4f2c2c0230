"""A CMS signature beside its document or around it (``.p7s``), judged. (EN 319 122-1)"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime

from asn1crypto import pem

from ades.validation import archives, containers, describe, judging, values
from ades.validation.archives import Digest
from ades.validation.chains import Judge
from ades.validation.containers import Container, Refused
from ades.validation.errors import FAULTS, Unreadable
from ades.validation.judging import Judged, Setting
from ades.validation.report import SignatureReport
from ades.validation.trust import Evidence, Trust
from policies.validation import Reason, conclusion


def unarmored(data: bytes) -> bytes:
    """DER of a ``.p7s`` file, which may be PEM.

    Raises:
        Unreadable: No CMS at all.
    """
    try:
        found: bytes = pem.unarmor(data)[2] if pem.detect(data) else data
    except ValueError as error:
        raise Unreadable("The file is neither a PDF nor a signature.") from error
    if found[:1] != b"\x30":
        raise Unreadable("The file is neither a PDF nor a signature.")
    return found


async def report(
    data: bytes,
    original: bytes | None,
    trust: Trust,
    judge: Judge,
    today: datetime,
    *,
    digest: bytes | None = None,
) -> SignatureReport:
    """A report on the one signature of the container.

    Args:
        digest: In place of ``original``: of what a detached signature is over.
    """
    try:
        container = containers.read(data, padded=False)
    except Refused as refusal:
        return _report(None, [refusal.reason], None)
    wrong = _wrong(container, original, digest, today)
    if wrong:
        return _report(container, wrong, None)
    known = judging.carried(container) + trust.given
    content = _digests(container, original, digest)
    found = await archives.judge(container, content, judge, known, today)
    setting = Setting(judge, today, trust.given, Evidence(), found.good)
    judged = await judging.judge(container, setting)
    wrong = [reason for stamp in found.stamps for reason in stamp.reasons]
    judged = replace(judged, stamps=judged.stamps + found.stamps)
    return _report(container, [*judged.reasons, *wrong], judged)


def _digests(container: Container, original: bytes | None, digest: bytes | None) -> Digest:
    """Of what was signed; of a digest alone there is no other digest."""
    content = container.content or original or b""
    given = {} if digest is None else {values.digest_name(container): digest}
    return lambda name: given.get(name) or hashlib.new(name, content).digest()


def _wrong(
    container: Container, original: bytes | None, digest: bytes | None, today: datetime
) -> list[Reason]:
    """What speaks against the value."""
    inside = container.content
    content = original if inside is None else inside
    if content is None and digest is None:
        return [Reason.ORIGINAL_MISSING]
    if inside is not None and original is not None and inside != original:
        return [Reason.DIGEST_WRONG]
    try:
        if content is not None:
            digest = hashlib.new(values.digest_name(container), content).digest()
        return values.findings(container, digest or b"", values.DATA, today)
    except Refused as refusal:
        return [refusal.reason]
    except FAULTS:
        return [Reason.CMS_BROKEN]


def _report(
    container: Container | None, found: list[Reason], judged: Judged | None
) -> SignatureReport:
    indication, sub_indication = conclusion(found)
    # EN 319 122-1 6.3: a CAdES baseline signature says its time.
    said = describe.container(container)
    claimed = said.signing_time
    level = None if judged is None or found or claimed is None else judged.level
    return SignatureReport(
        name="",
        kind="signature",
        format="CMS" if claimed is None else "CAdES",
        indication=indication,
        sub_indication=sub_indication,
        reasons=tuple(dict.fromkeys(found)),
        level=level,
        intact=judged is not None,
        signer=said.signer,
        digest_algorithm=said.digest_algorithm,
        signature_algorithm=said.signature_algorithm,
        claimed_time=claimed,
        proven_time=None if judged is None else judged.proven,
        chain=None if judged is None or judged.chain is None else describe.chain(judged.chain),
        timestamps=() if judged is None else tuple(stamp.report() for stamp in judged.stamps),
    )
