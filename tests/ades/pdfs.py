"""PDF files for tests, written plainly: object by object, so that each can be wrong in one way."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable, Mapping
from typing import Any, Final

from pyhanko.pdf_utils import generic as untyped_generic
from pyhanko.pdf_utils import writer as untyped_writer
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader

generic: Any = untyped_generic
writer: Any = untyped_writer
TEXT: Final = b"BT /F1 12 Tf 72 720 Td (To be signed) Tj ET"
FONT: Final = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
PAGE: Final = (
    b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
    b" /Resources << /Font << /F1 5 0 R >> %s >> %s >>"
)


def stream(data: bytes, entries: bytes = b"") -> bytes:
    """A stream object."""
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(data), entries, data)


def objects(
    *,
    catalog: bytes = b"",
    page: bytes = b"",
    resources: bytes = b"",
    content: bytes = TEXT,
    more: Mapping[int, bytes] | None = None,
) -> dict[int, bytes]:
    """The objects of a document with one page, with additions; own objects count from 6."""
    return {
        1: b"<< /Type /Catalog /Pages 2 0 R %s >>" % catalog,
        2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        3: PAGE % (resources, page),
        4: stream(content),
        5: FONT,
        **(more or {}),
    }


def file(numbered: Mapping[int, bytes], trailer: bytes = b"", version: bytes = b"1.7") -> bytes:
    """A file of these objects, with a classic cross-reference table."""
    output = io.BytesIO()
    output.write(b"%%PDF-%s\n" % version)
    places = {}
    for number, body in sorted(numbered.items()):
        places[number] = output.tell()
        output.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    start, count = output.tell(), max(numbered) + 1
    output.write(b"xref\n0 %d\n0000000000 65535 f \n" % count)
    for number in range(1, count):
        line = b"%010d 00000 n \n" if number in places else b"%010d 00001 f \n"
        output.write(line % places.get(number, 0))
    output.write(b"trailer\n<< /Size %d /Root 1 0 R %s >>\n" % (count, trailer))
    output.write(b"startxref\n%d\n%%%%EOF\n" % start)
    return output.getvalue()


def plain(**changes: Any) -> bytes:
    """A document with one page."""
    return file(objects(**changes))


def updated(document: bytes, change: Callable[[Any], None]) -> bytes:
    """A further revision with what ``change`` does to the library's writer."""
    update: Any = IncrementalPdfFileWriter(io.BytesIO(document))
    change(update)
    output = io.BytesIO()
    update.write(output)
    return output.getvalue()


def book(
    pages: int,
    *,
    version: tuple[int, int] = (1, 7),
    streams: bool = False,
    padding: int = 0,
    compressed: bool = True,
) -> bytes:
    """A document with many pages.

    Args:
        pages: How many.
        version: Of PDF.
        streams: With object streams and a cross-reference stream.
        padding: Bytes of pictures, spread over the pages; they do not compress.
        compressed: Content is deflated.
    """
    made: Any = writer.PdfFileWriter(stream_xrefs=streams, init_page_tree=True)
    made.output_version = version
    name = generic.NameObject
    font = generic.DictionaryObject(
        {
            name("/Type"): name("/Font"),
            name("/Subtype"): name("/Type1"),
            name("/BaseFont"): name("/Helvetica"),
        }
    )
    font_reference = made.add_object(font)
    pack = None
    for number in range(pages):
        if streams and number % 50 == 0:
            pack = made.prepare_object_stream()
        text = b"BT /F1 12 Tf 72 720 Td (Page %d) Tj ET" % (number + 1)
        content = generic.StreamObject(stream_data=text)
        if compressed:
            content.compress()
        fonts = generic.DictionaryObject({name("/F1"): font_reference})
        resources = generic.DictionaryObject({name("/Font"): fonts})
        if padding:
            share = padding // pages
            resources["/XObject"] = generic.DictionaryObject(
                {name("/I"): made.add_object(_noise(share, number))}
            )
        if pack is not None:
            resources = made.add_object(resources, obj_stream=pack)
        made.insert_page(
            writer.PageObject(
                contents=made.add_object(content), media_box=(0, 0, 595, 842), resources=resources
            )
        )
    output = io.BytesIO()
    made.write(output)
    return output.getvalue()


def add_form(update: Any) -> None:
    """A text field with a value, for ``updated``."""
    name = generic.NameObject
    field = generic.DictionaryObject(
        {
            name("/FT"): name("/Tx"),
            name("/T"): generic.TextStringObject("Sum"),
            name("/V"): generic.TextStringObject("100"),
        }
    )
    fields = generic.ArrayObject([update.add_object(field)])
    form = generic.DictionaryObject({name("/Fields"): fields})
    update.root["/AcroForm"] = update.add_object(form)
    update.update_root()


def signatures(document: bytes) -> int:
    """How many there are, without document time-stamps."""
    return len(reader(document).embedded_regular_signatures)


def _noise(size: int, seed: int) -> Any:
    """A picture of so many bytes that nothing paints."""
    name = generic.NameObject
    side = max(1, int(size**0.5))
    block = zlib.compress(f"{seed}".encode() * 999) * (side * side // 20 + 1)
    return generic.StreamObject(
        {
            name("/Type"): name("/XObject"),
            name("/Subtype"): name("/Image"),
            name("/Width"): generic.NumberObject(side),
            name("/Height"): generic.NumberObject(side),
            name("/ColorSpace"): name("/DeviceGray"),
            name("/BitsPerComponent"): generic.NumberObject(8),
        },
        encoded_data=block[: side * side],
    )


def reader(document: bytes) -> PdfFileReader:
    """The library's own reader."""
    return PdfFileReader(io.BytesIO(document))
