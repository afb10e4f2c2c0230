"""DER in small: what CRLs, OCSP and time-stamps need, several times faster than a general toolkit.

Writing is functions that join bytes. Reading refuses whatever is not DER (X.690 10, 11): long
forms that could be short, indefinite lengths, padded numbers. Tags are of one byte. Anything more
is asn1crypto's matter.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

BOOLEAN: Final = 0x01
INTEGER: Final = 0x02
BIT_STRING: Final = 0x03
OCTET_STRING: Final = 0x04
NULL: Final = 0x05
OID: Final = 0x06
ENUMERATED: Final = 0x0A
UTF8_STRING: Final = 0x0C
UTC_TIME: Final = 0x17
GENERALIZED_TIME: Final = 0x18
SEQUENCE: Final = 0x30
SET: Final = 0x31
_LONGEST_LENGTH: Final = 4
"""Octets of a length: 4 GiB."""


class NotDer(ValueError):
    """The bytes are not what was expected, or not DER."""


def context(number: int, *, constructed: bool = True) -> int:
    """The tag ``[number]``."""
    return 0x80 | number | (0x20 if constructed else 0)


# Writing


def encoded(tag: int, *contents: bytes) -> bytes:
    """One value: tag, length and the joined contents."""
    body = b"".join(contents)
    length = len(body)
    if length < 0x80:
        return bytes((tag, length)) + body
    octets = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(octets))) + octets + body


def sequence(*parts: bytes) -> bytes:
    """SEQUENCE, and SEQUENCE OF."""
    return encoded(SEQUENCE, *parts)


def set_of(*parts: bytes) -> bytes:
    """SET OF: sorted by the encoded members (X.690 11.6)."""
    return encoded(SET, *sorted(parts))


def explicit(number: int, *parts: bytes) -> bytes:
    """``[number] EXPLICIT``, and a constructed value tagged so implicitly."""
    return encoded(context(number), *parts)


def integer(value: int, tag: int = INTEGER) -> bytes:
    """INTEGER, or ENUMERATED: two's complement, no octet too many."""
    length = (value if value >= 0 else ~value).bit_length() // 8 + 1
    return encoded(tag, value.to_bytes(length, "big", signed=True))


def octets(value: bytes) -> bytes:
    """OCTET STRING."""
    return encoded(OCTET_STRING, value)


def bits(value: bytes, unused: int = 0) -> bytes:
    """BIT STRING; ``unused`` bits at its end do not count."""
    return encoded(BIT_STRING, bytes((unused,)), value)


def named_bit(number: int) -> bytes:
    """BIT STRING with this bit alone, and none after it (X.690 11.2.2)."""
    whole, within = divmod(number, 8)
    return bits(bytes(whole) + bytes((0x80 >> within,)), 7 - within)


@lru_cache(maxsize=256)
def oid(dotted: str) -> bytes:
    """OBJECT IDENTIFIER."""
    first, second, *others = (int(arc) for arc in dotted.split("."))
    return encoded(OID, *(_base_128(arc) for arc in (first * 40 + second, *others)))


def _base_128(arc: int) -> bytes:
    groups = [arc & 0x7F]
    while arc := arc >> 7:
        groups.append(0x80 | arc & 0x7F)
    return bytes(reversed(groups))


def null() -> bytes:
    """NULL."""
    return encoded(NULL)


def time(instant: datetime) -> bytes:
    """Time of RFC 5280 4.1.2.5: whole seconds, UTCTime until 2049."""
    moment = _utc(instant)
    if moment.year >= 2050:
        return generalized_time(moment.replace(microsecond=0))
    return encoded(UTC_TIME, f"{moment:%y%m%d%H%M%S}Z".encode("ascii"))


def generalized_time(instant: datetime, tag: int = GENERALIZED_TIME) -> bytes:
    """GeneralizedTime: a fraction only where there is one, without trailing zeros (X.690 11.7)."""
    moment = _utc(instant)
    text = f"{moment:%Y%m%d%H%M%S}"
    if moment.microsecond:
        text += f".{moment.microsecond:06}".rstrip("0")
    return encoded(tag, f"{text}Z".encode("ascii"))


def _utc(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise ValueError("naive datetime")
    return instant.astimezone(UTC)


# Reading


class Reader:
    """Takes the elements of a value one after the other.

    Every method raises ``NotDer`` when the next element is not what is asked for.
    """

    __slots__ = ("_at", "_data", "_end")

    def __init__(self, data: bytes, start: int = 0, end: int | None = None) -> None:
        self._data = data
        self._at = start
        self._end = len(data) if end is None else end

    @property
    def tag(self) -> int | None:
        """Of the next element; ``None`` behind the last."""
        return self._data[self._at] if self._at < self._end else None

    def enter(self, tag: int = SEQUENCE) -> Reader:
        """A reader of what is inside the next element; it is taken by that."""
        _, begin, end = self._take(tag)
        return Reader(self._data, begin, end)

    def contents(self, tag: int) -> bytes:
        """The next element without tag and length."""
        _, begin, end = self._take(tag)
        return self._data[begin:end]

    def whole(self, tag: int) -> bytes:
        """The next element as it stands."""
        start, _, end = self._take(tag)
        return self._data[start:end]

    def integer(self) -> int:
        """INTEGER."""
        found = self.contents(INTEGER)
        padded = len(found) > 1 and (found[0], found[1] >> 7) in ((0x00, 0), (0xFF, 1))
        if not found or padded:
            raise NotDer("number")
        return int.from_bytes(found, "big", signed=True)

    def boolean(self) -> bool:
        """BOOLEAN."""
        found = self.contents(BOOLEAN)
        if found not in (b"\x00", b"\xff"):
            raise NotDer("truth value")
        return found == b"\xff"

    def oid(self) -> str:
        """OBJECT IDENTIFIER, dotted."""
        return _dotted(self.contents(OID))

    def time(self) -> datetime:
        """Time of RFC 5280 4.1.2.5: whole seconds."""
        short = self.tag == UTC_TIME
        return _instant(self.contents(UTC_TIME if short else GENERALIZED_TIME), short)

    def done(self) -> None:
        """Return if nothing is left."""
        if self._at != self._end:
            raise NotDer("something follows")

    def _take(self, tag: int) -> tuple[int, int, int]:
        """Start of the next element, and where its contents begin and end."""
        start, data = self._at, self._data
        begin = start + 2
        if begin > self._end or data[start] != tag:
            raise NotDer(f"no {tag:#04x} at {start}")
        length = data[start + 1]
        if length >= 0x80:
            octets_of_length = length & 0x7F
            begin += octets_of_length
            if not 1 <= octets_of_length <= _LONGEST_LENGTH or begin > self._end:
                raise NotDer(f"length at {start}")
            length = int.from_bytes(data[start + 2 : begin], "big")
            if length < 0x80 or length >> 8 * (octets_of_length - 1) == 0:
                raise NotDer(f"length at {start} is too long")
        if begin + length > self._end:
            raise NotDer(f"{length} bytes at {start}")
        self._at = begin + length
        return start, begin, self._at


@lru_cache(maxsize=256)
def _dotted(contents: bytes) -> str:
    arcs, arc, starts = [], 0, True
    for octet in contents:
        if starts and octet == 0x80:
            raise NotDer("padded arc")
        arc = arc << 7 | octet & 0x7F
        starts = octet < 0x80
        if starts:
            arcs.append(arc)
            arc = 0
    if not contents or not starts:
        raise NotDer("object identifier")
    first = min(arcs[0] // 40, 2)
    return ".".join(map(str, (first, arcs[0] - 40 * first, *arcs[1:])))


@lru_cache(maxsize=1024)
def _instant(contents: bytes, short: bool) -> datetime:
    digits, length = contents[:-1], 12 if short else 14
    if len(digits) != length or not digits.isdigit() or contents[-1:] != b"Z":
        raise NotDer("time")
    if short:
        digits = (b"19" if digits >= b"5" else b"20") + digits
    pairs = (int(digits[at : at + 2]) for at in range(4, 14, 2))
    month, day, hour, minute, second = pairs
    try:
        return datetime(int(digits[:4]), month, day, hour, minute, second, tzinfo=UTC)
    except ValueError as error:
        raise NotDer("time") from error
