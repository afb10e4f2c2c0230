"""What lies over what on a page: pictures over text, fields over fields. (security-and-pki 6.1)

Enough of a reader of page content to know where pictures go and whether something was painted
before them; knows no fonts, no colours and no clipping.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from pyhanko.pdf_utils import generic

from ades.pdf import geometry
from ades.pdf.reading import entry

_SHARE: Final = 0.9
"""Of a page, from which on something over it is said to cover it."""
_OVERLAP: Final = 0.5
"""Of the smaller of two fields, from which on they are said to lie over one another."""
_MOST_NESTED: Final = 8
"""Forms in forms; deeper ones are not looked into."""
_TOKEN: Final = re.compile(
    rb"\s+|%[^\r\n]*|(?P<number>[-+]?(?:\d+\.?\d*|\.\d+))(?![^\s()<>\[\]{}/%])"
    rb"|(?P<name>/[^\s()<>\[\]{}/%]*)|(?P<string>\()|<<|>>|<[0-9A-Fa-f\s]*>|[\[\]{}]"
    rb"|(?P<word>[^\s()<>\[\]{}/%]+)|."
)
_PAINTS: Final = frozenset({b"f", b"F", b"f*", b"B", b"B*", b"b", b"b*", b"S", b"s", b"sh"})
_SHOWS: Final = frozenset({b"Tj", b"TJ", b"'", b'"'})
_INVISIBLE: Final = 3
"""Text rendering mode (ISO 32000-2 table 104): the text under scanned pages."""
_INLINE_END: Final = re.compile(rb"\sEI(?=\s|$)")


def covered(page: Any) -> bool:
    """Whether a picture or an annotation covers the page and what was painted before it."""
    whole = geometry.page_box(page)
    if any(
        geometry.share(geometry.box(one, "/Rect"), whole) >= _SHARE
        for one in page_annotations(page)
        if entry(one, "/Subtype") not in ("/Link", "/Popup") and entry(one, "/AP") is not None
    ):
        return True
    resources = geometry.inherited(page, "/Resources")
    if not entry(resources, "/XObject"):
        return False
    return _Painting(whole).run(_content(page), resources, geometry.PLAIN, 0)


def overlaid_fields(page: Any) -> bool:
    """Whether two fields of a form share most of their place."""
    places = sorted(
        geometry.box(one, "/Rect")
        for one in page_annotations(page)
        if entry(one, "/Subtype") == "/Widget" and geometry.area(geometry.box(one, "/Rect")) > 0
    )
    for index, one in enumerate(places):
        for other in places[index + 1 :]:
            if other[0] >= one[2]:
                break  # Sorted by their left edge: all others are further right.
            smaller = min(geometry.area(one), geometry.area(other))
            if geometry.common(one, other) >= _OVERLAP * smaller:
                return True
    return False


def page_annotations(page: Any) -> Iterator[Any]:
    """Its annotations."""
    found = entry(page, "/Annots")
    for one in found if isinstance(found, generic.ArrayObject) else ():
        annotation = one.get_object()
        if isinstance(annotation, generic.DictionaryObject):
            yield annotation


def _content(page: Any) -> bytes:
    found = entry(page, "/Contents")
    if isinstance(found, generic.ArrayObject):
        return b"\n".join(bytes(one.get_object().data) for one in found)
    return b"" if found is None else bytes(found.data)


@dataclass
class _Painting:
    """What was painted so far on one page."""

    page: geometry.Box
    painted: bool = False

    def run(self, content: bytes, resources: Any, matrix: geometry.Matrix, depth: int) -> bool:
        """Whether this content covers what was painted before."""
        stack: list[tuple[geometry.Matrix, float]] = []
        operands: list[Any] = []
        mode = 0.0
        for kind, value in _tokens(content):
            if kind != "word":
                operands.append(value)
                continue
            if value == b"q":
                stack.append((matrix, mode))
            elif value == b"Q" and stack:
                matrix, mode = stack.pop()
            elif value == b"cm" and len(operands) >= 6:
                matrix = geometry.times(geometry.matrix(operands[-6:]), matrix)
            elif value == b"Tr" and operands:
                mode = operands[-1]
            elif value == b"Do" and operands:
                if self._do(operands[-1], resources, matrix, depth):
                    return True
            elif value in _PAINTS or (value in _SHOWS and mode != _INVISIBLE):
                self.painted = True
            operands.clear()
        return False

    def _do(self, name: Any, resources: Any, matrix: geometry.Matrix, depth: int) -> bool:
        one = entry(entry(resources, "/XObject"), name) if isinstance(name, str) else None
        if entry(one, "/Subtype") == "/Image":
            over = (
                self.painted
                and geometry.share(geometry.bounds((0, 0, 1, 1), matrix), self.page) >= _SHARE
            )
            self.painted = True
            return over
        if entry(one, "/Subtype") != "/Form" or depth >= _MOST_NESTED:
            return False
        form: Any = one
        own = entry(form, "/Matrix")
        if own is not None:
            matrix = geometry.times(
                geometry.matrix([float(each.get_object()) for each in own]), matrix
            )
        inner = entry(form, "/Resources")
        return self.run(bytes(form.data), resources if inner is None else inner, matrix, depth + 1)


def _tokens(content: bytes) -> Iterator[tuple[str, Any]]:
    """Numbers, names and operators; strings and pictures in the text are passed over."""
    place = 0
    while match := _TOKEN.match(content, place):
        place = match.end()
        if match["number"]:
            yield "number", float(match["number"])
        elif match["name"]:
            yield "name", match["name"].decode("latin-1")
        elif match["string"]:
            place = _after_string(content, place)
        elif match["word"]:
            if match["word"] == b"ID":
                end = _INLINE_END.search(content, place)
                place = len(content) if end is None else end.end()
            yield "word", match["word"]


def _after_string(content: bytes, place: int) -> int:
    depth = 1
    for match in re.compile(rb"\\.|[()]", re.DOTALL).finditer(content, place):
        depth += {b"(": 1, b")": -1}.get(match[0], 0)
        if depth == 0:
            return match.end()
    return len(content)
