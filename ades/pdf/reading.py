"""Opening a PDF with limits on what it may unfold to, and one reason for whatever is wrong with it.

Everything that reads PDFs opens them here, the signer process and the validation too. The
documents are hostile until the opposite is shown. (security-and-pki 5.5)
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, Protocol

from pyhanko.pdf_utils import generic, misc
from pyhanko.pdf_utils.decode_limits import (
    DEFAULT_PURPOSE_LIMITS,
    DecodeLimits,
    DecodePurpose,
    DocumentDecodeBudget,
    StreamDecodeLimits,
)
from pyhanko.pdf_utils.reader import PdfFileReader

from policies import errors
from policies.pdf import (
    DOCUMENT_LIMIT,
    HEADER_WITHIN,
    MIB,
    MOST_OBJECTS,
    MOST_SIGNED_BYTES,
    STREAM_LIMIT,
    Unfit,
)

_XREF_ENTRY: Final = 10
"""Bytes of an entry in a cross-reference stream: a generous average."""
_LIMITS: Final = DecodeLimits(
    per_stream=StreamDecodeLimits(max_output_size=STREAM_LIMIT),
    per_purpose={
        **DEFAULT_PURPOSE_LIMITS,
        DecodePurpose.XREF_STREAM: StreamDecodeLimits(max_output_size=_XREF_ENTRY * MOST_OBJECTS),
    },
    document_budget=DocumentDecodeBudget(base_allowance=DOCUMENT_LIMIT, max_ratio=0),
)
_CHUNK: Final = MIB


class File(Protocol):
    """Anything that bytes are read from, in any order."""

    def read(self, size: int = ..., /) -> bytes:
        """At most so many bytes."""

    def seek(self, offset: int, whence: int = ..., /) -> int:
        """Go to a place."""


class Reader(PdfFileReader):
    """The library's reader, made to read the index of an object stream once, not for each object.

    Of a document with 5,000 objects in streams it makes a hundredth of the work.
    """

    def __init__(self, file: File) -> None:
        self._indexes: dict[int, tuple[io.BytesIO, dict[int, tuple[int, int]]]] = {}
        super().__init__(file, strict=True, decode_limits=_LIMITS)

    def resolved(self, reference: Any) -> Any:
        """The object that a reference names."""
        found: Any = self.get_object(reference)  # type: ignore[no-untyped-call]  # pyHanko's
        return found

    def _get_object_from_stream(self, idnum: int, stmnum: int, idx: int) -> Any:
        if stmnum not in self._indexes:
            self._indexes[stmnum] = self._index(stmnum)
        data, places = self._indexes[stmnum]
        if idnum not in places or places[idnum][0] != idx:
            raise misc.PdfReadError("an object that is not where it should be")
        data.seek(places[idnum][1])
        found = generic.read_object(data, generic.Reference(idnum, 0, self))
        if isinstance(found, (generic.StreamObject, generic.IndirectObject)):
            raise misc.PdfReadError("an object that may not stand in a stream")
        return found

    def _index(self, number: int) -> tuple[io.BytesIO, dict[int, tuple[int, int]]]:
        """The stream, and of each object in it which it is and where (ISO 32000-2 7.5.7)."""
        stream: Any = generic.Reference(number, 0, self).get_object()
        if not isinstance(stream, generic.StreamObject) or stream["/Type"] != "/ObjStm":
            raise misc.PdfReadError("no object stream")
        data = stream.read_data(DecodePurpose.OBJECT_STREAM)
        first, count = int(stream["/First"]), int(stream["/N"])
        numbers = [int(one) for one in data[:first].split()]
        if not 0 <= 2 * count <= len(numbers):
            raise misc.PdfReadError("an object stream with a short index")
        pairs = zip(numbers[0 : 2 * count : 2], numbers[1 : 2 * count : 2], strict=True)
        places: dict[int, tuple[int, int]] = {}
        for order, (name, offset) in enumerate(pairs):
            places.setdefault(name, (order, first + offset))
        return io.BytesIO(data), places


@contextmanager
def judging() -> Iterator[None]:
    """What the library says about a file in many ways becomes one reason.

    Raises:
        DocumentUnfit: Instead of whatever was raised inside.
    """
    try:
        yield
    except errors.Refused:
        raise
    except misc.PdfDecodeLimitError as error:
        raise errors.DocumentUnfit(Unfit.UNFOLDS) from error
    except RecursionError as error:
        raise errors.DocumentUnfit(Unfit.TOO_DEEP) from error
    except (misc.PdfError, ValueError, TypeError, LookupError, AttributeError) as error:
        raise errors.DocumentUnfit(Unfit.BROKEN) from error
    except (zlib.error, struct.error, EOFError, ArithmeticError) as error:
        raise errors.DocumentUnfit(Unfit.BROKEN) from error
    # pyHanko raises NotImplementedError for features that it does not read, and asserts what a
    # hostile file breaks: to us both are documents that cannot be judged.
    except (MemoryError, NotImplementedError, AssertionError) as error:
        raise errors.DocumentUnfit(Unfit.BROKEN) from error


def opened(file: File) -> Reader:
    """A reader over the document; within ``judging``.

    Raises:
        DocumentUnfit: Too large, without a header, encrypted, with two cross-references that can
            tell different things, or with too many objects.
    """
    if size(file) > MOST_SIGNED_BYTES:
        raise errors.DocumentUnfit(Unfit.TOO_LARGE)
    file.seek(0)
    if not file.read(HEADER_WITHIN).startswith(b"%PDF-"):
        raise errors.DocumentUnfit(Unfit.NO_HEADER)
    reader = Reader(file)
    if "/Encrypt" in reader.trailer:
        raise errors.DocumentUnfit(Unfit.ENCRYPTED)
    if reader.xrefs.hybrid_xrefs_present:
        # A reader that does not know streams sees another document (ISO 32000-2 7.5.8.4).
        raise errors.DocumentUnfit(Unfit.HYBRID)
    if int(reader.trailer["/Size"]) > MOST_OBJECTS:
        raise errors.DocumentUnfit(Unfit.TOO_MANY_OBJECTS)
    return reader


def size(file: File) -> int:
    """Bytes of the file."""
    return file.seek(0, io.SEEK_END)


def entry(dictionary: Any, name: str) -> Any:
    """The value, references resolved; ``None`` if absent or null. (``get`` resolves nothing.)"""
    if not isinstance(dictionary, generic.DictionaryObject) or name not in dictionary:
        return None
    value = dictionary[name]
    return None if isinstance(value, generic.NullObject) else value
