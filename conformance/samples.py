"""Documents to be signed: a PDF of one blank page, a short text, and a PDF that awaits a signature.

Written by hand and a few hundred bytes long, so that a report can show them. Each has a number in
it, so that no two are the same. (ISO 32000-2 7.5, 12.7.5.5, 12.8.1)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_RESERVED: Final = 16_384
"""Bytes for the signature in a PDF that awaits one; time-stamps and chains fit in."""
_WIDTH: Final = 10
"""Digits of the numbers that are filled in later."""
_CATALOG: Final = "<< /Type /Catalog /Pages 2 0 R {more}>>"
_PAGES: Final = "<< /Type /Pages /Kids [3 0 R] /Count 1 >>"
_PAGE: Final = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] /Resources << >> {more}>>"
_FIELD: Final = (
    "<< /Type /Annot /Subtype /Widget /FT /Sig /T (Signature1) /V 6 0 R /P 3 0 R"
    " /Rect [0 0 0 0] /F 132 >>"
)
_FORM: Final = "/AcroForm << /Fields [5 0 R] /SigFlags 3 >> "


def text(number: int) -> bytes:
    """A file of no particular kind."""
    return f"Conformance sample {number}\n".encode()


def pdf(number: int) -> bytes:
    """A PDF of one blank page."""
    objects = {
        1: _CATALOG.format(more=""),
        2: _PAGES,
        3: _PAGE.format(more=""),
        4: f"<< /Title (Conformance sample {number}) >>",
    }
    identity = f"{number:032x}"
    return _written(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", objects, identity, previous=None)


@dataclass(frozen=True, slots=True)
class Awaiting:
    """A PDF with a place for a signature, which covers all but that place."""

    data: bytes
    hole: tuple[int, int]
    """Where the string of ``/Contents`` begins and ends, with its angle brackets."""

    @property
    def covered(self) -> bytes:
        """What is to be hashed."""
        return self.data[: self.hole[0]] + self.data[self.hole[1] :]

    def signed(self, signature: bytes) -> bytes:
        """The PDF with the signature in its place.

        Raises:
            ValueError: It does not fit.
        """
        start, stop = self.hole
        digits = signature.hex().encode()
        room = stop - start - 2
        if len(digits) > room:
            raise ValueError(f"{len(signature)} bytes do not fit into {room // 2}")
        return self.data[: start + 1] + digits.ljust(room, b"0") + self.data[stop - 1 :]


def awaiting(number: int) -> Awaiting:
    """The PDF of ``number`` with an update that has everything of a signature but itself."""
    before = pdf(number)
    blank = "0" * _WIDTH
    objects = {
        1: _CATALOG.format(more=_FORM),
        3: _PAGE.format(more="/Annots [5 0 R] "),
        5: _FIELD,
        6: "<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached"
        f" /M (D:20260101000000Z) /ByteRange [0 {blank} {blank} {blank}]"
        f" /Contents <{'0' * (2 * _RESERVED)}> >>",
    }
    data = _written(before, objects, f"{number:032x}", previous=_table(before))
    start = data.index(b"/Contents <") + len("/Contents ")
    stop = data.index(b">", start) + 1
    ranges = (start, stop, len(data) - stop)
    filled = " ".join(f"{one:<{_WIDTH}}" for one in ranges)
    marked = data.replace(f"[0 {blank} {blank} {blank}]".encode(), f"[0 {filled}]".encode())
    return Awaiting(marked, (start, stop))


def _table(data: bytes) -> int:
    """Where the last table begins."""
    return int(data[data.rindex(b"startxref") :].split()[1])


def _written(
    before: bytes, objects: Mapping[int, str], identity: str, previous: int | None
) -> bytes:
    """``before`` with these objects after it, and a table of where they are."""
    data, places = bytearray(before), {}
    for number, body in objects.items():
        places[number] = len(data)
        data += f"{number} 0 obj\n{body}\nendobj\n".encode()
    table = len(data)
    data += b"xref\n"
    if previous is None:
        data += b"0 1\n0000000000 65535 f \n"
    for number, place in places.items():
        data += f"{number} 1\n{place:010} 00000 n \n".encode()
    earlier = "" if previous is None else f" /Prev {previous}"
    data += (
        f"trailer\n<< /Size {max(objects) + 1} /Root 1 0 R /Info 4 0 R"
        f" /ID [<{identity}> <{identity}>]{earlier} >>\nstartxref\n{table}\n%%EOF\n"
    ).encode()
    return bytes(data)
