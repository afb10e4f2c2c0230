"""What a signature shows on its page: lines of text, a picture, a thin frame. (ISO 32000-2 12.5.5)

Nothing is painted behind the text, so that whatever the document has there stays to be seen. The
same input gives the same bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from pyhanko.pdf_utils import generic as typed_generic

from ades.pdf import typeface
from ades.pdf.geometry import Box
from ades.pdf.typeface import Subset, name
from policies.appearance import (
    LARGEST_FONT,
    SMALLEST_FONT,
    Appearance,
    Picture,
    PictureKind,
)

generic: Any = typed_generic
_MARGIN: Final = 3.0
_FRAME: Final = 0.5
_LEADING: Final = 1.25
"""From one line to the next, in font sizes."""
_DESCENT: Final = 0.24
"""Of the font, in font sizes."""
_PICTURE_SHARE: Final = 0.4
"""Of the width, for a picture beside text."""
_STEP: Final = 0.5
_UPRIGHT: Final = {
    0: (1, 0, 0, 1, 0, 0),
    90: (0, 1, -1, 0, 0, 0),
    180: (-1, 0, 0, -1, 0, 0),
    270: (0, -1, 1, 0, 0, 0),
}
"""What sets upright again what the page's rotation turns."""


def draw(
    writer: Any, wanted: Appearance, lines: tuple[str, ...], rectangle: Box, turned: int
) -> Any:
    """The appearance among the objects of the document; the reference to it.

    Args:
        writer: Of the revision.
        wanted: The picture.
        lines: Of text.
        rectangle: Of the annotation, in the page's space.
        turned: Rotation of the page.
    """
    wide, high = rectangle[2] - rectangle[0], rectangle[3] - rectangle[1]
    if turned in (90, 270):
        wide, high = high, wide
    parts = [b"q", b"%s w 0.6 G" % _n(_FRAME)]
    inset = _FRAME / 2
    parts.append(b"%s %s %s %s re S Q" % _ns(inset, inset, wide - _FRAME, high - _FRAME))
    resources = generic.DictionaryObject()
    text_left = _MARGIN
    if wanted.picture is not None:
        room = wide if not lines else wide * _PICTURE_SHARE
        parts.append(_picture(wanted.picture, room, high))
        pictures = generic.DictionaryObject({name("/Im"): _image(writer, wanted.picture)})
        resources[name("/XObject")] = pictures
        text_left = room
    if lines:
        laid = _lay(
            tuple(map(typeface.shown, lines)), wide - text_left - _MARGIN, high - 2 * _MARGIN
        )
        glyphs = Subset(laid.lines)
        fonts = generic.DictionaryObject({name("/F"): glyphs.embed(writer)})
        resources[name("/Font")] = fonts
        parts.append(_text(laid, glyphs, text_left, high))
    form = generic.StreamObject(
        {
            name("/Type"): name("/XObject"),
            name("/Subtype"): name("/Form"),
            name("/BBox"): _floats(0, 0, wide, high),
            name("/Matrix"): _floats(*_UPRIGHT[turned]),
            name("/Resources"): resources,
        },
        stream_data=b"\n".join(parts),
    )
    form.compress()
    return writer.add_object(form)


@dataclass(frozen=True, slots=True)
class _Laid:
    """Lines as they are set."""

    lines: tuple[str, ...]
    size: float


def _lay(texts: tuple[str, ...], wide: float, high: float) -> _Laid:
    """The largest size at which the texts fit, broken into lines; the smallest cuts."""
    size = LARGEST_FONT
    while True:
        lines = tuple(line for text in texts for line in _broken(text, size, wide))
        room = int((high + (_LEADING - 1) * size) / (_LEADING * size))
        if len(lines) <= room and all(typeface.width(one, size) <= wide for one in lines):
            return _Laid(lines, size)
        if size <= SMALLEST_FONT:
            cut = [_cut(one, size, wide) for one in lines[: max(1, room)]]
            if len(lines) > len(cut):
                cut[-1] = _cut(cut[-1] + "\N{HORIZONTAL ELLIPSIS}", size, wide)
            return _Laid(tuple(cut), size)
        size -= _STEP


def _broken(text: str, size: float, wide: float) -> list[str]:
    """The text in lines that are broken at spaces."""
    lines: list[str] = []
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and typeface.width(longer, size) <= wide:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _cut(line: str, size: float, wide: float) -> str:
    """The line, or as much of it as fits, with dots for the rest."""
    if typeface.width(line, size) <= wide:
        return line
    kept = line
    while kept and typeface.width(kept + "\N{HORIZONTAL ELLIPSIS}", size) > wide:
        kept = kept[:-1]
    return kept + "\N{HORIZONTAL ELLIPSIS}"


def _text(laid: _Laid, glyphs: Subset, left: float, high: float) -> bytes:
    step = _LEADING * laid.size
    block = laid.size + (len(laid.lines) - 1) * step
    # The block stands in the middle of the height.
    first = (high + block) / 2 - laid.size * (1 - _DESCENT)
    parts = [b"BT /F %s Tf 0 g %s TL %s %s Td" % _ns(laid.size, step, left, first)]
    parts += [b"<%s> Tj T*" % glyphs.code(one).hex().encode("ascii") for one in laid.lines]
    return b"\n".join((*parts, b"ET"))


def _picture(picture: Picture, wide: float, high: float) -> bytes:
    """The picture as large as it fits, in the middle of its room."""
    room = (wide - 2 * _MARGIN, high - 2 * _MARGIN)
    scale = min(room[0] / picture.width, room[1] / picture.height)
    size = (picture.width * scale, picture.height * scale)
    corner = ((wide - size[0]) / 2, (high - size[1]) / 2)
    return b"q %s 0 0 %s %s %s cm /Im Do Q" % _ns(*size, *corner)


def _image(writer: Any, picture: Picture) -> Any:
    entries = {
        name("/ColorSpace"): name("/DeviceGray" if picture.grey else "/DeviceRGB"),
        name("/Filter"): name("/DCTDecode" if picture.kind is PictureKind.JPEG else "/FlateDecode"),
    }
    if picture.alpha is not None:
        mask = {
            name("/ColorSpace"): name("/DeviceGray"),
            name("/Filter"): name("/FlateDecode"),
        }
        entries[name("/SMask")] = _samples(writer, picture, mask, picture.alpha)
    return _samples(writer, picture, entries, picture.data)


def _samples(writer: Any, picture: Picture, entries: dict[Any, Any], data: bytes) -> Any:
    common = {
        name("/Type"): name("/XObject"),
        name("/Subtype"): name("/Image"),
        name("/Width"): generic.NumberObject(picture.width),
        name("/Height"): generic.NumberObject(picture.height),
        name("/BitsPerComponent"): generic.NumberObject(8),
    }
    return writer.add_object(generic.StreamObject(common | entries, encoded_data=data))


def _floats(*values: float) -> Any:
    return generic.ArrayObject(generic.FloatObject(f"{value:.3f}") for value in values)


def _n(value: float) -> bytes:
    return f"{value:.3f}".encode("ascii")


def _ns(*values: float) -> tuple[bytes, ...]:
    return tuple(map(_n, values))
