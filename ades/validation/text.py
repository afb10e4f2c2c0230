"""A report for people: a few lines for each signature, in English. Loads no library."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from ades.validation.report import (
    ChainReport,
    Report,
    SignatureReport,
    StatusReport,
    TimestampReport,
)
from policies.validation import MEANINGS

_KINDS = {"signature": "Signature", "document_timestamp": "Document time-stamp"}
_CHANGES = {
    "none": "nothing was added after it",
    "lta_updates": "only evidence and time-stamps were added after it",
    "form_filling": "signatures or form entries were added after it",
    "annotations": "notes were added after it",
    "other": "the document was changed after it",
}


def lines(name: str, report: Report) -> Iterator[str]:
    """The report on a file of this name."""
    yield f"{name}: {report.indication or 'no signature'}"
    for number, one in enumerate(report.signatures, 1):
        yield ""
        yield f"{number}. {_KINDS[one.kind]} {one.name}".rstrip()
        yield from (f"   {line}" for line in _of_signature(one))


def _of_signature(one: SignatureReport) -> Iterator[str]:
    level = f", {one.format} {one.level}" if one.level else ""
    yield f"{_outcome(one)}{level}"
    for reason in one.reasons:
        yield f"- {MEANINGS[reason].sentence} ({reason})"
    if one.signer is not None:
        yield f"by: {one.signer.subject}"
        yield f"issued by: {one.signer.issuer}, serial number {one.signer.serial_number}"
    if one.claimed_time is not None:
        yield f"time as the signer says: {_time(one.claimed_time)}"
    if one.proven_time is not None:
        yield f"existed by: {_time(one.proven_time)}"
    if one.chain is not None:
        yield from _of_chain(one.chain)
    for stamp in one.timestamps:
        yield _of_stamp(stamp)
    if one.changes is not None and one.intact:
        yield f"covers {(one.coverage or '').replace('_', ' ')}; {_CHANGES[one.changes.level]}"
    if one.locks is not None and one.locks.permission is not None:
        what = "certifies the document" if one.locks.certifies else "locks the document"
        yield f"{what}, permission {one.locks.permission}"


def _outcome(one: SignatureReport) -> str:
    if one.sub_indication is None:
        return one.indication
    return f"{one.indication}: {one.sub_indication}"


def _of_chain(chain: ChainReport) -> Iterator[str]:
    if chain.certificates:
        yield (
            f"anchor: {chain.certificates[-1].subject}"
            if chain.trusted
            else "the chain is not trusted"
        )
    for status in chain.revocation:
        yield _of_status(status)


def _of_status(status: StatusReport) -> str:
    if status.revoked_at is not None:
        return f"revoked {_time(status.revoked_at)}: {status.subject}"
    if status.evidence is None or status.issued_at is None:
        return f"status not known: {status.subject}"
    return (
        f"not revoked by {status.evidence.upper()} of {_time(status.issued_at)}: {status.subject}"
    )


def _of_stamp(stamp: TimestampReport) -> str:
    when = "no time" if stamp.time is None else _time(stamp.time)
    return f"time-stamp {when}: {'good' if stamp.valid else ', '.join(stamp.reasons)}"


def _time(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
