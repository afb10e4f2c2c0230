"""A signed PDF: what the signature covers, and what stands around it.

Objects are looked up by pyHanko, in whatever state the file is; byte ranges and signatures are
judged here. (ISO 32000-2 12.8; EN 319 142-1 6.3; CSC v2 11.11)
"""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final

from asn1crypto import parser
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import enumerate_sig_fields

from conformance.judge import documents, timestamps
from conformance.judge.documents import Asked, Level
from conformance.judge.wrong import MOST_BYTES, Wrong, guarded

_SIGNATURE: Final = "/ETSI.CAdES.detached"
_TIMESTAMP: Final = "/ETSI.RFC3161"
_HEX: Final = frozenset(b"0123456789abcdefABCDEF \r\n\t")


@dataclass(frozen=True, slots=True)
class Entry:
    """One signature or document time-stamp of a file."""

    subfilter: str
    hole: tuple[int, int]
    """Where ``/Contents`` begins and ends, with its angle brackets."""
    end: int
    """Of what is covered."""
    certifies: bool
    """It is the one that ``/Perms`` names."""
    reason: str
    """``/Reason``; empty without one."""


@dataclass(frozen=True, slots=True)
class Pdf:
    """What is looked at of a signed file."""

    data: bytes
    entries: tuple[Entry, ...]
    """In the order in which they were added."""
    has_evidence: bool
    """``/DSS`` has certificates and status values."""


@guarded("The signed PDF")
def read(data: bytes) -> Pdf:
    """The signatures of a PDF.

    Raises:
        Wrong: It is no PDF, or a signature in it has no proper byte range.
    """
    if len(data) > MOST_BYTES:
        raise Wrong(f"The signed PDF is longer than {MOST_BYTES} bytes.")
    if not data.startswith(b"%PDF-"):
        raise Wrong(f"The signed document is no PDF; it starts {data[:8]!r}.")
    reader = PdfFileReader(BytesIO(data), strict=False)
    root = reader.root
    certifying = _at(_at(root, "/Perms"), "/DocMDP")
    found = [
        _entry(data, value.get_object(), certifying)
        for _, value, _ in enumerate_sig_fields(reader, filled_status=True)
    ]
    entries = tuple(sorted(found, key=lambda one: one.end))
    return Pdf(data, entries, _has_evidence(_at(root, "/DSS")))


@guarded("The signed PDF")
def judge(signed: Pdf, original: bytes, asked: Asked) -> Entry:
    """The one signature that was added to ``original``, if it is as asked.

    Raises:
        Wrong: None or several were added, or it is not good for its level.
    """
    entry = _added(signed, original)
    if entry.subfilter != _SIGNATURE:
        raise Wrong(f"/SubFilter is {entry.subfilter}; PAdES asks for {_SIGNATURE}.")
    later = [one for one in signed.entries if one.subfilter == _TIMESTAMP and one.end > entry.end]
    _check_covers(signed, entry, later)
    for one in later:
        _judge_stamp(signed, one, asked)
    content = documents.of_bytes(_covered(signed, entry))
    documents.judge_for_pdf(_contents(signed, entry), content, asked, stamped=bool(later))
    if asked.level >= Level.LT and not (signed.has_evidence or asked.evidence_beside):
        raise Wrong("The PDF has no /DSS with certificates and status; its level asks for it.")
    if asked.level >= Level.LTA and not later:
        raise Wrong("The PDF has no document time-stamp after it; its level asks for one.")
    return entry


def check_kept(signed: bytes, original: bytes) -> None:
    """Return if the document stands unchanged at the beginning of the signed one.

    Raises:
        Wrong: Its bytes were written anew.
    """
    if not signed.startswith(original):
        raise Wrong("The signed PDF does not begin with the bytes of the document that was sent.")


def check_envelope(entry: Entry, *, certification: bool) -> None:
    """Return if the signature certifies the document, or does not, as was asked.

    Raises:
        Wrong: The other way round.
    """
    if certification and not entry.certifies:
        raise Wrong("The signature does not certify the PDF (/Perms has no DocMDP of it).")
    if entry.certifies and not certification:
        raise Wrong("The signature certifies the PDF; an approval signature was asked for.")


def _added(signed: Pdf, original: bytes) -> Entry:
    before = len(original) if signed.data.startswith(original) else 0
    added = [one for one in signed.entries if one.end > before and one.subfilter != _TIMESTAMP]
    if len(added) != 1:
        raise Wrong(f"{len(added)} signatures were added to the PDF; one was asked for.")
    return added[0]


def _entry(data: bytes, value: Any, certifying: Any) -> Entry:
    """Of a signature dictionary, whose byte range leaves out just ``/Contents``."""
    ranges = [int(one) for one in _at(value, "/ByteRange")]
    if len(ranges) != 4 or min(ranges) < 0 or ranges[0] != 0 or sum(ranges[2:]) > len(data):
        raise Wrong(f"/ByteRange is {ranges}, for a file of {len(data)} bytes.")
    start, stop = ranges[1], ranges[2]
    hole = data[start:stop]
    if hole[:1] != b"<" or hole[-1:] != b">" or not _HEX.issuperset(hole[1:-1]):
        raise Wrong("/ByteRange leaves out more, or other things, than the string of /Contents.")
    subfilter = str(_at(value, "/SubFilter") or "")
    reason = str(_at(value, "/Reason") or "")
    return Entry(subfilter, (start, stop), sum(ranges[2:]), certifying == value, reason)


def _check_covers(signed: Pdf, entry: Entry, later: list[Entry]) -> None:
    """Return if nothing stands outside, but whole updates with time-stamps or evidence."""
    left = len(signed.data) - max([entry.end, *(one.end for one in later)])
    ends = (signed.data[: entry.end], signed.data)
    whole = all(one.rstrip().endswith(b"%%EOF") for one in ends)
    if (left and not signed.has_evidence) or not whole:
        raise Wrong(f"The signature does not cover the PDF to its end: {left} bytes stand outside.")


def _covered(signed: Pdf, entry: Entry) -> bytes:
    start, stop = entry.hole
    return signed.data[:start] + signed.data[stop : entry.end]


def _contents(signed: Pdf, entry: Entry) -> bytes:
    """The DER in ``/Contents``, without the zeros that fill it up."""
    start, stop = entry.hole
    padded = bytes.fromhex(signed.data[start + 1 : stop - 1].decode("ascii"))
    parts = guarded("/Contents")(parser.parse)(padded)
    size = sum(len(one) for one in parts[3:])
    if padded[size:].strip(b"\x00"):
        raise Wrong("/Contents holds something after the signature that is not zero.")
    return padded[:size]


def _judge_stamp(signed: Pdf, entry: Entry, asked: Asked) -> None:
    content = documents.of_bytes(_covered(signed, entry))
    stamp = timestamps.judge_over(_contents(signed, entry), content)
    timestamps.check_time(stamp.time, asked.now)


def _has_evidence(dss: Any) -> bool:
    return bool(_at(dss, "/Certs")) and bool(_at(dss, "/OCSPs") or _at(dss, "/CRLs"))


def _at(container: Any, name: str) -> Any:
    """The member ``name`` of a dictionary, wherever in the file it stands; None without one."""
    found = container.get(name) if isinstance(container, generic.DictionaryObject) else None
    return None if found is None else found.get_object()
