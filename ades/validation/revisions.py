"""The signatures of a PDF, each with its revision and what came after. (ISO 32000-2 12.8)

One broken signature does not hide the others: what is wrong with one is a finding of its own.
Whether a later change is harmless is judged by pyHanko's comparison of revisions; what it does not
know as harmless is a change.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from pyhanko.pdf_utils import generic, misc
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import (
    DEFAULT_DIFF_POLICY,
    DiffResult,
    ModificationLevel,
)
from pyhanko.sign.fields import MDPPerm, enumerate_sig_fields
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.status import SignatureCoverageLevel

from ades.validation import byte_range, containers
from ades.validation.byte_range import Covered
from ades.validation.containers import Container, Refused
from ades.validation.errors import FAULTS
from policies.validation import Reason

PADES: Final = "/ETSI.CAdES.detached"
TIMESTAMP: Final = "/ETSI.RFC3161"
DETACHED: Final = frozenset({PADES, "/adbe.pkcs7.detached"})
BROKEN: Final = (misc.PdfError, SignatureValidationError, *FAULTS)
"""How pyHanko says that a file is not as it should be."""


@dataclass(frozen=True, slots=True)
class Locks:
    """What the signer allowed to change later."""

    certifies: bool = False
    permission: int | None = None
    """``/P`` of DocMDP or of the field's lock: 1 nothing, 2 filling in, 3 notes too."""
    fields_action: str | None = None
    """``All``, ``Include`` or ``Exclude``."""
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Changes:
    """What was appended after the signed revision."""

    level: str = "none"
    """``none``, ``lta_updates``, ``form_filling``, ``annotations`` or ``other``."""
    fields: tuple[str, ...] = ()
    """Form fields that were filled in, signature fields left out."""


@dataclass
class Signed:
    """One filled signature field."""

    name: str
    timestamp: bool
    """A document time-stamp."""
    subfilter: str = ""
    claimed_at: datetime | None = None
    """``/M``."""
    revision: int = -1
    container: Container | None = None
    covered: Covered | None = None
    coverage: str = "unclear"
    locks: Locks = field(default_factory=Locks)
    changes: Changes = field(default_factory=Changes)
    findings: list[Reason] = field(default_factory=list)


def signatures(reader: PdfFileReader, document: bytes) -> list[Signed]:
    """All filled signature fields, in the order of their revisions.

    Raises:
        One of ``BROKEN``: The form itself cannot be read.
    """
    found = [
        _signed(reader, document, name, value, form_field)
        for name, value, form_field in _fields(reader)
    ]
    found.sort(key=lambda one: one.revision)
    _compare(found)
    return found


def _fields(reader: PdfFileReader) -> Iterator[tuple[str, Any, Any]]:
    for name, value, form_field in enumerate_sig_fields(reader, filled_status=True):
        # A name that is no text comes as bytes.
        yield name if isinstance(name, str) else bytes(name).decode("latin-1"), value, form_field


def _signed(
    reader: PdfFileReader, document: bytes, name: str, value: Any, form_field: Any
) -> Signed:
    signed = Signed(name, timestamp=False)
    try:
        _read(signed, reader, document, value, form_field)
    except Refused as refusal:
        signed.findings.append(refusal.reason)
    except BROKEN:
        signed.findings.append(Reason.SIGNATURE_DICTIONARY_BROKEN)
    return signed


def _read(
    signed: Signed, reader: PdfFileReader, document: bytes, value: Any, form_field: Any
) -> None:
    dictionary = value.get_object()
    form_field = form_field.get_object()
    if not isinstance(dictionary, generic.DictionaryObject):
        raise Refused(Reason.SIGNATURE_DICTIONARY_BROKEN)
    kind = str(dictionary.get("/Type", "/Sig"))
    signed.subfilter = str(dictionary.get("/SubFilter", ""))
    signed.timestamp = kind == "/DocTimeStamp"
    if kind not in ("/Sig", "/DocTimeStamp"):
        raise Refused(Reason.SIGNATURE_DICTIONARY_BROKEN)
    signed.claimed_at = _claimed(dictionary)
    signed.covered = byte_range.covered(document, dictionary)
    wanted = {TIMESTAMP} if signed.timestamp else DETACHED
    if signed.subfilter not in wanted:
        raise Refused(Reason.SUBFILTER_UNSUPPORTED)
    signed.container = containers.read(signed.covered.contents, padded=True)
    embedded = EmbeddedPdfSignature(reader, form_field, signed.name)
    signed.revision = embedded.signed_revision
    signed.locks = _locks(embedded, dictionary)
    signed.coverage = _coverage(embedded)
    signed.findings += _changed(embedded, signed)
    if not _accounted_for(reader, document, signed.covered.end):
        signed.changes = Changes("other")
        signed.findings.append(Reason.CHANGED_AFTER_SIGNING)


def _claimed(dictionary: Any) -> datetime | None:
    try:
        moment: datetime = generic.parse_pdf_date(str(dictionary["/M"]), strict=False)
    except (KeyError, ValueError, misc.PdfError):
        return None
    # Without a zone it is nobody's time.
    return moment if moment.tzinfo is not None else None


def _locks(embedded: EmbeddedPdfSignature, dictionary: Any) -> Locks:
    permission = embedded.docmdp_level
    spec = embedded.fieldmdp
    return Locks(
        certifies=_certifies(dictionary),
        permission=None if permission is None else permission.value,
        fields_action=None if spec is None else spec.action.value.lstrip("/"),
        fields=() if spec is None else tuple(spec.fields or ()),
    )


def _certifies(dictionary: Any) -> bool:
    references = dictionary["/Reference"] if "/Reference" in dictionary else ()  # noqa: SIM401 - get resolves nothing
    return any(one.get_object().get("/TransformMethod") == "/DocMDP" for one in references)


def _coverage(embedded: EmbeddedPdfSignature) -> str:
    if embedded.reader.xrefs.hybrid_xrefs_present:
        raise Refused(Reason.HYBRID_REFERENCES)
    coverage: Any = embedded.evaluate_signature_coverage()
    # ``evaluate_modifications`` reads it there.
    embedded.coverage = coverage
    if coverage < SignatureCoverageLevel.ENTIRE_REVISION:
        raise Refused(Reason.COVERAGE_UNCLEAR)
    return str(coverage.name.lower())


def _changed(embedded: EmbeddedPdfSignature, signed: Signed) -> Iterator[Reason]:
    """Compare the signed revision with what came after."""
    result = embedded.evaluate_modifications(DEFAULT_DIFF_POLICY)
    if not isinstance(result, DiffResult):
        signed.changes = Changes("other")
        certified = signed.locks.permission is not None or signed.locks.fields_action is not None
        yield Reason.CHANGE_NOT_PERMITTED if certified else Reason.CHANGED_AFTER_SIGNING
        return
    level = result.modification_level
    signed.changes = Changes(level.name.lower(), tuple(sorted(result.changed_form_fields)))
    if level is ModificationLevel.OTHER:
        yield Reason.CHANGED_AFTER_SIGNING
    elif signed.locks.permission is not None and level.value > signed.locks.permission:
        yield Reason.CHANGE_NOT_PERMITTED


def _accounted_for(reader: PdfFileReader, document: bytes, end: int) -> bool:
    """What follows the signed bytes is whole revisions, and nothing behind the last one.

    Readers that rebuild the table of references would find objects there.
    """
    if not document[end:].strip():
        return True
    last = reader.xrefs.get_xref_container_info(reader.xrefs.total_revisions - 1)
    tail = document[last.end_location :]
    return (
        last.start_location >= end
        and tail.count(b"%%EOF") == 1
        and not tail.partition(b"%%EOF")[2].strip()
        and b" obj" not in tail
    )


def _compare(found: list[Signed]) -> None:
    """Fields that were filled in and hold no signature: seen, and a doubt unless permitted.

    What stands in a form field when it is signed need not be what a person saw there ("shadow
    attacks", replace by overlay). Whoever wants forms to be filled in later says so by certifying.
    """
    names = {one.name for one in found}
    for one in found:
        filled = tuple(name for name in one.changes.fields if name not in names)
        one.changes = Changes(one.changes.level, filled)
        permitted = one.locks.permission in (MDPPerm.FILL_FORMS.value, MDPPerm.ANNOTATE.value)
        if filled and not permitted and not one.timestamp:
            one.findings.append(Reason.FIELDS_FILLED_AFTER_SIGNING)
