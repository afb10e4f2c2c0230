"""A look at the outline of DER or BER before a library parses it: size, depth, number of items.

The ASN.1 library is lazy and recursive: what is nested a thousand deep fails late and by
recursion. Here the outline is walked without recursion, and refused beyond limits.
"""

from __future__ import annotations

from typing import Final

DEEPEST: Final = 48
"""A signature with a time-stamp, its certificates and their names is some 25 deep."""
MOST_ITEMS: Final = 400_000
"""A revocation list of 100,000 entries has 300,000."""


class Malformed(ValueError):
    """Not an outline that we read."""


def outline(data: bytes) -> int:
    """Length of the first item of ``data``; all in it is within limits.

    Raises:
        Malformed: Not DER or BER, or too deep, or too much.
    """
    # Ends of the open items; None for indefinite length.
    open_items: list[int | None] = []
    position = items = 0
    while True:
        constructed, length, position = _header(data, position)
        items += 1
        if items > MOST_ITEMS or len(open_items) > DEEPEST:
            raise Malformed("too much or too deep")
        end = None if length is None else position + length
        limit = _limit(open_items, len(data))
        if end is not None and end > limit:
            raise Malformed("longer than what it is in")
        if constructed:
            open_items.append(end)
        elif end is None:
            raise Malformed("indefinite length of a primitive")
        else:
            position = end
        position = _close(data, open_items, position)
        if not open_items:
            return position


def _limit(open_items: list[int | None], size: int) -> int:
    return next((end for end in reversed(open_items) if end is not None), size)


def _close(data: bytes, open_items: list[int | None], position: int) -> int:
    """The position after all items that end here."""
    while open_items:
        if open_items[-1] is None:
            if data[position : position + 2] != b"\0\0":
                break
            position += 2
        elif position < open_items[-1]:
            break
        open_items.pop()
    return position


def _header(data: bytes, position: int) -> tuple[bool, int | None, int]:
    """Constructed or not, length, place of the content."""
    try:
        first = data[position]
        if not first:
            # X.690 8.1.5: only ends what has no length, and stands nowhere else.
            raise Malformed("an end without a beginning")
        position += 1
        if first & 0x1F == 0x1F:
            while data[position] & 0x80:
                position += 1
            position += 1
        length = data[position]
        position += 1
        if length < 0x80:
            return bool(first & 0x20), length, position
        if length == 0x80:
            return bool(first & 0x20), None, position
        octets = data[position : position + (length & 0x7F)]
        if len(octets) > 8 or len(octets) != length & 0x7F:
            raise Malformed("length")
        return bool(first & 0x20), int.from_bytes(octets), position + len(octets)
    except IndexError as error:
        raise Malformed("cut off") from error
