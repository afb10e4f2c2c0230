"""What a signer should know of a PDF: material for shadow attacks. (security-and-pki 6.1)

A shadow attack prepares a document so that an update after signing, of a kind that readers
allow, shows something else: hides a picture that lay over the text, changes a field or a font,
or brings objects to light that nothing referred to. All of it occurs in honest documents as well,
hence cautions and no refusals. Reads every object of the document, within limits.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from pyhanko.pdf_utils import generic

from ades.pdf import covering, geometry
from ades.pdf.reading import Reader, entry
from policies import errors
from policies.pdf import HEADER_WITHIN, MOST_DEPTH, MOST_FILTERS, Caution, PdfSignature, Unfit

_HIDDEN: Final = 1 << 1
_NO_VIEW: Final = 1 << 5
"""Flags of annotations (ISO 32000-2 table 167)."""
_TELLING: Final = frozenset({"/Catalog", "/Pages", "/Page", "/Font", "/XObject", "/Annot"})
"""Types of objects that an update can bring to light. Generators leave much else behind."""


def found(
    reader: Reader, pages: Sequence[Any], signatures: Sequence[PdfSignature]
) -> frozenset[Caution]:
    """The cautions of a document; within ``reading.judging``.

    Raises:
        DocumentUnfit: An object passes a limit.
    """
    reached, scripts, attachments = _reached(reader)
    checks = {
        Caution.UNUSED_OBJECTS: _unused(reader, reached),
        Caution.HIDDEN_LAYERS: _hidden_layers(reader.root),
        Caution.COVERED_PAGE: any(covering.covered(page) for page in pages),
        Caution.OVERLAID_FIELDS: any(covering.overlaid_fields(page) for page in pages),
        Caution.REVISIONS: _later_revisions(reader, signatures),
        Caution.HIDDEN_ANNOTATIONS: any(_hidden_annotation(page) for page in pages),
        Caution.SCRIPTS: scripts,
        Caution.ATTACHMENTS: attachments,
    }
    return frozenset(caution for caution, applies in checks.items() if applies)


def _reached(reader: Reader) -> tuple[set[Any], bool, bool]:
    """The references that the trailer leads to; whether there are scripts, and files."""
    reached: set[Any] = set()
    xrefs: Any = reader.xrefs
    scripts = attachments = False
    waiting: list[Any] = [reader.trailer.flatten()]
    while waiting:
        for one in _parts(waiting.pop()):
            if isinstance(one, generic.IndirectObject):
                if one.reference not in reached and xrefs[one.reference] is not None:
                    reached.add(one.reference)
                    waiting.append(reader.resolved(one.reference))
            elif isinstance(one, generic.DictionaryObject):
                scripts = scripts or "/JS" in one
                attachments = attachments or "/EF" in one
                _check_filters(one)
    return reached, scripts, attachments


def _parts(whole: Any) -> Iterator[Any]:
    """An object, what is in it, what is in that; references are not followed."""
    waiting = [(whole, 1)]
    while waiting:
        one, depth = waiting.pop()
        if depth > MOST_DEPTH:
            raise errors.DocumentUnfit(Unfit.TOO_DEEP)
        yield one
        if isinstance(one, generic.DictionaryObject):
            waiting += [(part, depth + 1) for part in one.values()]
        elif isinstance(one, generic.ArrayObject):
            waiting += [(part, depth + 1) for part in one]


def _check_filters(dictionary: Any) -> None:
    filters = entry(dictionary, "/Filter") if isinstance(dictionary, generic.StreamObject) else None
    if isinstance(filters, generic.ArrayObject) and len(filters) > MOST_FILTERS:
        raise errors.DocumentUnfit(Unfit.TOO_MANY_FILTERS)


def _unused(reader: Reader, reached: set[Any]) -> bool:
    """Whether something that could be shown is there and nothing leads to it."""
    known: set[Any] = set()
    for revision in range(reader.total_revisions):
        known |= reader.xrefs.explicit_refs_in_revision(revision)
    for reference in known - reached:
        if reader.xrefs[reference] is None:
            continue  # It was freed.
        one: Any = reference.get_object()
        if entry(one, "/Type") in _TELLING or entry(one, "/Subtype") in ("/Form", "/Image"):
            return True
    return False


def _hidden_layers(root: Any) -> bool:
    properties = entry(root, "/OCProperties")
    usual = entry(properties, "/D")
    others = entry(properties, "/Configs")
    return any(
        bool(entry(one, "/OFF"))
        or bool(entry(one, "/AS"))
        or entry(one, "/BaseState") in ("/OFF", "/Unchanged")
        for one in (usual, *(each.get_object() for each in others or ()))
    )


def _hidden_annotation(page: Any) -> bool:
    for annotation in covering.page_annotations(page):
        flags = int(entry(annotation, "/F") or 0)
        shown = (
            entry(annotation, "/Subtype") != "/Popup"
            and geometry.area(geometry.box(annotation, "/Rect")) > 0
        )
        if shown and flags & (_HIDDEN | _NO_VIEW):
            return True
    return False


def _later_revisions(reader: Reader, signatures: Sequence[PdfSignature]) -> bool:
    """Whether the document was saved again, since its last signature or at all.

    Evidence that was added for a signature (``/DSS``) does not count; neither do the two parts of
    a file made for the web (ISO 32000-2 annex F).
    """
    last = max((one.revision for one in signatures), default=0)
    linearized = 1 if _is_linearized(reader) else 0
    xrefs: Any = reader.xrefs
    allowed = {reader.root_ref, *_evidence(reader), *xrefs.xref_stream_refs}
    for revision in range(max(last, linearized) + 1, reader.total_revisions):
        changed = xrefs.explicit_refs_in_revision(revision)
        if changed - allowed - xrefs.object_streams_used_in(revision):
            return True
    return False


def _is_linearized(reader: Reader) -> bool:
    """Whether the file begins with the dictionary of one that was made for the web."""
    reader.stream.seek(0)
    return b"/Linearized" in reader.stream.read(HEADER_WITHIN)


def _evidence(reader: Reader) -> set[Any]:
    """The references of the document security store."""
    found: set[Any] = set()
    if "/DSS" not in reader.root:
        return found
    waiting: list[Any] = [reader.root.raw_get("/DSS")]
    while waiting:
        for one in _parts(waiting.pop()):
            if isinstance(one, generic.IndirectObject) and one.reference not in found:
                found.add(one.reference)
                waiting.append(reader.resolved(one.reference))
    return found
