"""What a PDF is before it is signed: a refusal with its reason, or facts. (security-and-pki 5.5)

One look for everybody: the signer process takes it before it prepares a signature, the desk and
the portal take the thorough one, which reads every object and finds what a signer should know.
What follows from the facts is decided in ``policies.pdf_signing``.
"""

from __future__ import annotations

from typing import Any, Final

from pyhanko.pdf_utils import generic

from ades.pdf import cautions, fields, reading
from ades.pdf.reading import Reader, entry
from policies import errors
from policies.pdf import MOST_DEPTH, MOST_PAGES, MOST_PDF_BYTES, PdfFacts, Unfit

_ACTIVE: Final = frozenset({"/Launch", "/URI", "/SubmitForm", "/ImportData", "/GoToR", "/GoToE"})
"""security-and-pki 5.5: what a document may not do when it, or a page of it, is opened."""
_SCRIPTS: Final = frozenset({"/JavaScript", "/Rendition"})
_MEDIA: Final = frozenset({"/RichMedia", "/3D", "/Movie", "/Screen", "/Sound"})
_MOST_ACTIONS: Final = 100
"""In one chain of ``/Next``."""


def inspect(file: reading.File, *, thorough: bool) -> PdfFacts:
    """The facts of a document that may be signed, as far as it itself is concerned.

    Args:
        file: Seekable, read only.
        thorough: Read every object: find its limits kept everywhere, and what to caution about.

    Raises:
        DocumentUnfit: It may not.
    """
    with reading.judging():
        reader = reading.opened(file)
        return facts(reader, thorough=thorough)


def facts(reader: Reader, *, thorough: bool = False) -> PdfFacts:
    """The same of an opened document; within ``reading.judging``.

    Raises:
        DocumentUnfit: As above.
    """
    size = reading.size(reader.stream)
    if size > MOST_PDF_BYTES:
        raise errors.DocumentUnfit(Unfit.TOO_LARGE)
    root = reader.root
    _check_catalog(root)
    pages = page_nodes(reader)
    if not pages:
        raise errors.DocumentUnfit(Unfit.EMPTY)
    for page in pages:
        _check_page(page)
    signatures, empty = fields.signature_fields(reader)
    return PdfFacts(
        size=size,
        version=reader.input_version,
        pages=len(pages),
        revisions=reader.total_revisions,
        signatures=signatures,
        empty_fields=empty,
        cautions=cautions.found(reader, pages, signatures) if thorough else frozenset(),
    )


def _check_catalog(root: Any) -> None:
    form = entry(root, "/AcroForm")
    if entry(form, "/XFA") is not None or entry(root, "/NeedsRendering") is not None:
        raise errors.DocumentUnfit(Unfit.XFA)
    if entry(entry(root, "/Names"), "/JavaScript") is not None:
        raise errors.DocumentUnfit(Unfit.SCRIPT)
    _check_actions(entry(root, "/OpenAction"))
    _check_triggers(entry(root, "/AA"))


def _check_page(page: Any) -> None:
    _check_triggers(entry(page, "/AA"))
    annotations = entry(page, "/Annots")
    for one in annotations if isinstance(annotations, generic.ArrayObject) else ():
        annotation = one.get_object()
        if entry(annotation, "/Subtype") in _MEDIA:
            raise errors.DocumentUnfit(Unfit.MEDIA)
        triggers = entry(annotation, "/AA")
        for name in ("/PO", "/PV"):
            # The page is opened, the page is seen (ISO 32000-2 table 197).
            _check_actions(entry(triggers, name))


def _check_triggers(triggers: Any) -> None:
    """Actions of a document or a page: all of them run by themselves."""
    if isinstance(triggers, generic.DictionaryObject):
        for name in triggers:
            _check_actions(entry(triggers, name))


def _check_actions(action: Any) -> None:
    """A chain of actions that run without being asked for."""
    waiting, seen = [action], 0
    while waiting:
        one = waiting.pop()
        seen += 1
        if seen > _MOST_ACTIONS:
            raise errors.DocumentUnfit(Unfit.ACTION)
        if not isinstance(one, generic.DictionaryObject):
            continue  # Nothing, or a destination in this document.
        kind = str(entry(one, "/S"))
        if kind in _SCRIPTS:
            raise errors.DocumentUnfit(Unfit.SCRIPT)
        if kind in _ACTIVE:
            raise errors.DocumentUnfit(Unfit.ACTION)
        following = entry(one, "/Next")
        if isinstance(following, generic.ArrayObject):
            waiting += [each.get_object() for each in following]
        else:
            waiting.append(following)


def page_nodes(reader: Reader) -> list[Any]:
    """The pages in their order; the tree is walked without recursion."""
    found: list[Any] = []
    top = reader.root.raw_get("/Pages")
    waiting = [(top, 1)]
    seen: set[Any] = set()
    while waiting:
        reference, depth = waiting.pop()
        if depth > MOST_DEPTH:
            raise errors.DocumentUnfit(Unfit.TOO_DEEP)
        if not isinstance(reference, generic.IndirectObject) or reference.reference in seen:
            raise errors.DocumentUnfit(Unfit.BROKEN)
        seen.add(reference.reference)
        node: Any = reader.resolved(reference.reference)
        if entry(node, "/Type") == "/Page":
            found.append(node)
        else:
            waiting += [(kid, depth + 1) for kid in reversed(node["/Kids"])]
        if len(found) > MOST_PAGES or len(seen) > 2 * MOST_PAGES:
            raise errors.DocumentUnfit(Unfit.TOO_MANY_PAGES)
    if len(found) != entry(top.get_object(), "/Count"):
        # Readers would not agree on what the pages are.
        raise errors.DocumentUnfit(Unfit.BROKEN)
    return found
