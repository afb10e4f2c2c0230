"""What a PDF signature covers, taken literally. (ISO 32000-2 12.8.1; EN 319 142-1 5.1)

Forgeries live from readers that forgive: a ``/ByteRange`` of strange numbers, a gap that is wider
than the signature, a ``/Contents`` that is not what the gap holds. Here everything but the one
canonical form is refused.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Any, Final

from pyhanko.pdf_utils import generic

from ades.validation.containers import Refused
from policies.validation import Reason

_HEX: Final = re.compile(rb"<[0-9A-Fa-f\s]*>")
MOST_CONTENTS: Final = 4 * 1024 * 1024
"""Bytes of a signature; the largest seen carry revocation lists and have some hundred KiB."""


@dataclass(frozen=True, slots=True)
class Covered:
    """The two stretches of a file that a signature is over."""

    first: memoryview
    second: memoryview
    contents: bytes
    """What stands in the gap, decoded."""
    end: int
    """Length of the file as it was signed."""

    def digest(self, name: str) -> bytes:
        """Digest of both stretches."""
        md = hashlib.new(name, self.first)
        md.update(self.second)
        return md.digest()


def covered(document: bytes, dictionary: Any) -> Covered:
    """What this signature dictionary says it covers.

    Raises:
        Refused: ``/ByteRange`` or ``/Contents`` is not canonical, or they do not fit each other.
    """
    start, gap_start, gap_end, length = _numbers(dictionary)
    end = gap_end + length
    if start != 0 or not 0 < gap_start < gap_end or length <= 0 or end > len(document):
        raise Refused(Reason.BYTE_RANGE_BROKEN, "out of the file")
    contents = _contents(dictionary)
    gap = document[gap_start:gap_end]
    if len(gap) > 2 * MOST_CONTENTS or not _HEX.fullmatch(gap):
        raise Refused(Reason.BYTE_RANGE_GAP, "something else than a hexadecimal string")
    if _decoded(gap) != contents:
        raise Refused(Reason.BYTE_RANGE_GAP, "another string than /Contents")
    view = memoryview(document)
    return Covered(view[:gap_start], view[gap_end:end], contents, end)


def _numbers(dictionary: Any) -> tuple[int, int, int, int]:
    """Start, start and end of the gap, length of the rest."""
    try:
        found = dictionary.raw_get("/ByteRange")
    except KeyError as error:
        raise Refused(Reason.BYTE_RANGE_BROKEN, "missing") from error
    if not isinstance(found, generic.ArrayObject) or len(found) != 4:
        raise Refused(Reason.BYTE_RANGE_BROKEN, "not four numbers")
    numbers = [found.raw_get(place) for place in range(4)]
    if any(not isinstance(one, generic.NumberObject) for one in numbers):
        raise Refused(Reason.BYTE_RANGE_BROKEN, "not integers")
    start, first, second, length = (int(one) for one in numbers)
    return start, start + first, second, length


def _contents(dictionary: Any) -> bytes:
    try:
        found = dictionary.raw_get("/Contents", decrypt=generic.EncryptedObjAccess.RAW)
    except KeyError as error:
        raise Refused(Reason.CONTENTS_BROKEN, "missing") from error
    if not isinstance(found, generic.TextStringObject | generic.ByteStringObject):
        raise Refused(Reason.CONTENTS_BROKEN, "no string")
    contents = bytes(found.original_bytes)
    if not contents.strip(b"\0"):
        raise Refused(Reason.CONTENTS_BROKEN, "empty")
    return contents


def _decoded(gap: bytes) -> bytes:
    digits = b"".join(gap[1:-1].split())
    # ISO 32000-2 7.3.4.3: a missing last digit is zero.
    return bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode("ascii"))
