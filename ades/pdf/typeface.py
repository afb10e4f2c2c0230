"""The font of visible signatures: widths of text, and the few glyphs that a text needs, embedded.

DejaVu Sans (``fonts/LICENSE``), a TrueType font behind a Type 0 font with two-byte codes
(ISO 32000-2 9.7): the one way that has all letters of Romanian and French in every reader.
"""

from __future__ import annotations

import hashlib
import io
from functools import cache
from pathlib import Path
from typing import Any, Final

from fontTools import subset
from fontTools.ttLib import TTFont
from pyhanko.pdf_utils import generic as typed_generic

from policies.appearance import UNKNOWN

generic: Any = typed_generic
name: Final = generic.pdf_name
FILE: Final = Path(__file__).parent / "fonts" / "DejaVuSans.ttf"
_THOUSAND: Final = 1000
"""Glyph space of a PDF font (ISO 32000-2 9.2.4)."""
_SYMBOLIC: Final = 1 << 2
"""Flag of a font with an encoding of its own (ISO 32000-2 table 121)."""
_TAG: Final = 6
_CAPITALS: Final = 729
"""Height of its capital letters, in thousandths."""
_STEM: Final = 80
"""Thickness of its vertical strokes, for readers that imitate a font."""


@cache
def _widths() -> dict[str, int]:
    """Of each character that the font has, in thousandths of its size."""
    font = TTFont(io.BytesIO(FILE.read_bytes()), lazy=True)
    scale = font["head"].unitsPerEm
    advances = font["hmtx"].metrics
    return {
        chr(code): round(advances[glyph][0] * _THOUSAND / scale)
        for code, glyph in font.getBestCmap().items()
    }


def shown(text: str) -> str:
    """The text with what can be shown of it: other characters are replaced, controls left out."""
    known = _widths()
    printable = (one for one in text if one.isprintable() or one == "\N{NBSP}")
    return "".join(one if one in known else UNKNOWN for one in printable)


def width(text: str, size: float) -> float:
    """Of a shown text, in points."""
    known = _widths()
    return sum(known[one] for one in text) * size / _THOUSAND


class Subset:
    """The glyphs of some texts."""

    def __init__(self, texts: tuple[str, ...]) -> None:
        """Of shown texts."""
        font = TTFont(io.BytesIO(FILE.read_bytes()), recalcTimestamp=False)
        options = subset.Options(
            hinting=False, layout_features=[], name_IDs=[], notdef_outline=True
        )
        worker = subset.Subsetter(options)
        worker.populate(text="".join(texts))
        worker.subset(font)
        self._font = font
        self._codes: dict[str, int] = {
            chr(code): font.getGlyphID(glyph) for code, glyph in font.getBestCmap().items()
        }

    def code(self, text: str) -> bytes:
        """The text as the font wants it: two bytes for each glyph."""
        return b"".join(self._codes[one].to_bytes(2, "big") for one in text)

    def embed(self, writer: Any) -> Any:
        """The font among the objects of the document; its reference."""
        output = io.BytesIO()
        self._font.save(output)
        program = _stream({"/Length1": _number(len(output.getvalue()))}, output.getvalue())
        # ISO 32000-2 9.9.2: six letters tell one subset of a font from another.
        digest = hashlib.sha256(output.getvalue()).digest()
        tag = "".join(chr(ord("A") + one % 26) for one in digest[:_TAG])
        base = name(f"/{tag}+DejaVuSans")
        descriptor = self._descriptor(base, writer.add_object(program))
        descendant = _dictionary(
            {
                "/Type": name("/Font"),
                "/Subtype": name("/CIDFontType2"),
                "/BaseFont": base,
                "/CIDSystemInfo": _dictionary(
                    {
                        "/Registry": generic.pdf_string("Adobe"),
                        "/Ordering": generic.pdf_string("Identity"),
                        "/Supplement": _number(0),
                    }
                ),
                "/FontDescriptor": writer.add_object(descriptor),
                "/CIDToGIDMap": name("/Identity"),
                "/DW": _number(_THOUSAND),
                "/W": self._width_array(),
            }
        )
        return writer.add_object(
            _dictionary(
                {
                    "/Type": name("/Font"),
                    "/Subtype": name("/Type0"),
                    "/BaseFont": base,
                    "/Encoding": name("/Identity-H"),
                    "/DescendantFonts": generic.ArrayObject([writer.add_object(descendant)]),
                    "/ToUnicode": writer.add_object(_stream({}, self._to_unicode())),
                }
            )
        )

    def _descriptor(self, base: Any, program: Any) -> Any:
        head, lines = self._font["head"], self._font["hhea"]
        scale = _THOUSAND / head.unitsPerEm
        box = (head.xMin, head.yMin, head.xMax, head.yMax)
        return _dictionary(
            {
                "/Type": name("/FontDescriptor"),
                "/FontName": base,
                "/Flags": _number(_SYMBOLIC),
                "/FontBBox": generic.ArrayObject(_number(round(one * scale)) for one in box),
                "/ItalicAngle": _number(0),
                "/Ascent": _number(round(lines.ascent * scale)),
                "/Descent": _number(round(lines.descent * scale)),
                "/CapHeight": _number(_CAPITALS),
                "/StemV": _number(_STEM),
                "/FontFile2": program,
            }
        )

    def _width_array(self) -> Any:
        known = _widths()
        array = generic.ArrayObject()
        for character, code in sorted(self._codes.items(), key=lambda one: one[1]):
            array += [_number(code), generic.ArrayObject([_number(known[character])])]
        return array

    def _to_unicode(self) -> bytes:
        """The way back from glyphs to text, for those who search or copy (ISO 32000-2 9.10.3)."""
        pairs = [
            f"<{code:04X}> <{character.encode('utf-16-be').hex().upper()}>"
            for character, code in sorted(self._codes.items(), key=lambda one: one[1])
        ]
        # At most a hundred in one block.
        blocks = [pairs[first : first + 100] for first in range(0, len(pairs), 100)]
        parts = [
            "/CIDInit /ProcSet findresource begin 12 dict begin begincmap",
            "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def",
            "/CMapName /Adobe-Identity-UCS def /CMapType 2 def",
            "1 begincodespacerange <0000> <FFFF> endcodespacerange",
            *("\n".join((f"{len(block)} beginbfchar", *block, "endbfchar")) for block in blocks),
            "endcmap CMapName currentdict /CMap defineresource pop end end",
        ]
        return "\n".join(parts).encode("ascii")


def _number(value: int) -> Any:
    return generic.NumberObject(value)


def _dictionary(entries: dict[str, Any]) -> Any:
    return generic.DictionaryObject({name(key): value for key, value in entries.items()})


def _stream(entries: dict[str, Any], data: bytes) -> Any:
    made = generic.StreamObject({name(key): one for key, one in entries.items()}, stream_data=data)
    made.compress()
    return made
