"""A request in the path of a GET, as clients write it and proxies leave it. (RFC 6960 A.1)

Meant is the base64 of the request, percent-encoded once. What arrives may be encoded twice or not
at all, with slashes before it, one at its end too many or too few, and with ``//`` made ``/``.
The request itself says how long it is, and so how many slashes were lost.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from itertools import combinations_with_replacement, islice
from typing import Final
from urllib.parse import unquote

from policies import status
from policies.status import LONGEST_GET

_TIMES_ENCODED: Final = 3
_SHAPE: Final = re.compile(r"([A-Za-z0-9+/]{8,})=*/*", re.ASCII)
_MOST_LOST: Final = 2
"""Slashes that are put back."""
_MOST_READINGS: Final = 64
"""Places for them that are tried."""


def readings(tail: str) -> Iterator[bytes]:
    """What the path may mean, DER, the likeliest first; more than one only if slashes are missing.

    Args:
        tail: Of the raw path, behind the responder's own part.

    Raises:
        StatusRefused: MALFORMED_REQUEST, at the first step: not base64, too long, or of a length
            that cannot be explained.
    """
    if len(tail) > LONGEST_GET:
        raise status.malformed(f"path of {len(tail)} characters")
    shape = _SHAPE.fullmatch(_unquoted(tail).lstrip("/"))
    if shape is None:
        raise status.malformed("path is not base64")
    text = shape.group(1)
    lost = _characters(text) - len(text)
    if lost < 0 and not text[lost:].strip("/"):
        text, lost = text[:lost], 0
    if not 0 <= lost <= _MOST_LOST:
        raise status.malformed("path of another length than the request in it")
    if not lost:
        yield _decoded(text)
        return
    places = [len(text)]
    if "//" not in text:
        # Who makes one slash of two does it everywhere.
        places = [at for at, letter in enumerate(text) if letter == "/"] + places
    for chosen in islice(combinations_with_replacement(places, lost), _MOST_READINGS):
        yield _decoded(_with_slashes(text, chosen))


def _unquoted(tail: str) -> str:
    text = tail
    for _ in range(_TIMES_ENCODED):
        if "%" not in text:
            break
        text = unquote(text, encoding="ascii")
    # Some decode a plus as forms do.
    return text.replace(" ", "+")


def _characters(text: str) -> int:
    """How many characters the whole request takes, without padding."""
    head = binascii.a2b_base64(text[:8])
    length, octets = head[1], 0
    if length >= 0x80:
        octets = min(length & 0x7F, len(head) - 2)
        length = int.from_bytes(head[2 : 2 + octets], "big")
    return -(-(2 + octets + length) * 4 // 3)


def _with_slashes(text: str, places: tuple[int, ...]) -> str:
    for place in sorted(places, reverse=True):
        text = f"{text[:place]}/{text[place:]}"
    return text


def _decoded(text: str) -> bytes:
    try:
        return binascii.a2b_base64(text + "=" * (-len(text) % 4), strict_mode=True)
    except binascii.Error as error:
        raise status.malformed("path is not base64") from error
