"""Reading hexadecimal strings in one step, in place of pyHanko's one character at a time.

A signature is such a string of some tens of thousand digits; read character by character it takes
more time than everything else in checking a short document. What it does not know it
leaves to pyHanko's.
"""

from __future__ import annotations

import re
from typing import IO, Any, Final

from pyhanko.pdf_utils import generic as typed_generic

generic: Any = typed_generic
CHUNK: Final = 64 * 1024
_DIGITS: Final = re.compile(rb"[0-9A-Fa-f]+")
_slow: Final = generic.read_hex_string_from_stream


def read_hexadecimal(stream: IO[bytes]) -> Any:
    """The string that starts with the ``<`` at this place."""
    start = stream.tell()
    digits = _digits(stream)
    if len(digits) % 2:
        # White space, a comment, an odd number of digits, something wrong, or nothing.
        stream.seek(start)
        return _slow(stream)
    stream.seek(start + len(digits) + 2)
    return generic.pdf_string(bytes.fromhex(digits.decode("ascii")))


def _digits(stream: IO[bytes]) -> bytes:
    """Everything up to ``>``, if it is digits; else one byte."""
    stream.read(1)
    found = bytearray()
    while chunk := stream.read(CHUNK):
        digits, closed, _ = chunk.partition(b">")
        if not _DIGITS.fullmatch(digits):
            break
        found += digits
        if closed:
            return bytes(found)
    return b"?"


def install() -> None:
    """Afterwards pyHanko reads hexadecimal strings in this process like this."""
    generic.read_hex_string_from_stream = read_hexadecimal
