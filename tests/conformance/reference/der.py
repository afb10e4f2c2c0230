"""DER from its parts: the few kinds of values that CMS needs. (X.690)"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from asn1crypto import core

NULL: Final = b"\x05\x00"


def tagged(tag: int, *parts: bytes) -> bytes:
    """A value with this identifier octet around the parts."""
    content = b"".join(parts)
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def sequence(*parts: bytes) -> bytes:
    """SEQUENCE."""
    return tagged(0x30, *parts)


def set_of(parts: Iterable[bytes]) -> bytes:
    """SET OF, in the order of DER."""
    return tagged(0x31, *sorted(parts))


def octets(content: bytes) -> bytes:
    """OCTET STRING."""
    return tagged(0x04, content)


def text(value: str) -> bytes:
    """UTF8String."""
    return tagged(0x0C, value.encode())


def integer(value: int) -> bytes:
    """INTEGER, of a number that is not negative."""
    return tagged(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def utc_time(value: datetime) -> bytes:
    """UTCTime."""
    return tagged(0x17, value.strftime("%y%m%d%H%M%SZ").encode())


def generalized_time(value: datetime) -> bytes:
    """GeneralizedTime."""
    return tagged(0x18, value.strftime("%Y%m%d%H%M%SZ").encode())


@functools.cache
def oid(dotted: str) -> bytes:
    """OBJECT IDENTIFIER."""
    return bytes(core.ObjectIdentifier(dotted).dump())
