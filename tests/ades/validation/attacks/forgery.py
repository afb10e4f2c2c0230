"""Universal signature forgery and signature wrapping (2019): ranges and strings that lie."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from policies.validation import Reason
from tests.ades.validation.attacks import (
    ATTACKS,
    CONTENTS,
    RANGE,
    Attack,
    attack,
    numbers_of,
    replaced,
    signed,
    startxref_of,
)

_RANGES: Final[dict[str, Callable[[list[int]], bytes]]] = {
    "null": lambda _: b"null",
    "nothing in it": lambda _: b"[]",
    "zeros": lambda _: b"[0 0 0 0]",
    "negative": lambda n: b"[0 %d %d -%d]" % (n[1], n[2], n[3]),
    "starts before": lambda n: b"[-1 %d %d %d]" % (n[1], n[2], n[3]),
    "starts later": lambda n: b"[9 %d %d %d]" % (n[1] - 9, n[2], n[3]),
    "strings": lambda n: b"[(0) (%d) (%d) (%d)]" % (n[1], n[2], n[3]),
    "fractions": lambda n: b"[0.0 %d %d %d]" % (n[1], n[2], n[3]),
    "three": lambda n: b"[0 %d %d]" % (n[1], n[2]),
    "one pair": lambda n: b"[0 %d]" % n[1],
    "six": lambda n: b"[0 %d %d %d 0 0]" % (n[1], n[2], n[3]),
    "a name": lambda _: b"/All",
    "a dictionary": lambda _: b"<< >>",
    "a reference": lambda _: b"[0 1 0 R 2 0 R 3]",
    "booleans": lambda _: b"[true true true true]",
    "beyond the end": lambda n: b"[0 %d %d %d]" % (n[1], n[2], n[3] + 99999),
    "enormous": lambda _: b"[0 9999999999999999999 1 1]",
    "turned round": lambda n: b"[0 %d %d %d]" % (n[2], n[1], n[3]),
    "overlapping": lambda n: b"[0 %d %d %d]" % (n[1], n[1] - 5, n[3]),
    "no gap": lambda n: b"[0 %d %d %d]" % (n[1], n[1], n[3]),
    "shorter at the end": lambda n: b"[0 %d %d %d]" % (n[1], n[2], n[3] - 7),
    "gap larger in front": lambda n: b"[0 %d %d %d]" % (n[1] - 5, n[2], n[3]),
    "gap larger behind": lambda n: b"[0 %d %d %d]" % (n[1], n[2] + 5, n[3] - 5),
    "gap smaller": lambda n: b"[0 %d %d %d]" % (n[1] + 2, n[2], n[3]),
    "gap in the middle of the string": lambda n: b"[0 %d %d %d]" % (n[1] + 2, n[2] - 2, n[3]),
}

_CONTENTS: Final[dict[str, bytes]] = {
    "null": b"null",
    "empty": b"<>",
    "zeros": b"<" + b"00" * 600 + b">",
    "a number": b"0",
    "a name": b"/None",
    "an array": b"[<30>]",
    "a dictionary": b"<< /A <30> >>",
    "a text": b"(signature)",
    "one byte": b"<30>",
    "an empty sequence": b"<3000>",
    "cut off": b"<308206>",
}


def _register_forgeries() -> None:
    broken = (
        Reason.BYTE_RANGE_BROKEN,
        Reason.BYTE_RANGE_GAP,
        Reason.SIGNATURE_DICTIONARY_BROKEN,
    )
    for name, value in _RANGES.items():
        ATTACKS[f"ByteRange: {name}"] = Attack(
            lambda value=value: replaced(signed(), RANGE, value(numbers_of(signed()))),  # type: ignore[misc]  # bound early
            frozenset({*broken, Reason.COVERAGE_UNCLEAR}),
        )
    for name, text in _CONTENTS.items():
        ATTACKS[f"Contents: {name}"] = Attack(
            lambda text=text: replaced(signed(), CONTENTS, text),  # type: ignore[misc]  # the same
            frozenset({Reason.CONTENTS_BROKEN, Reason.CMS_BROKEN, Reason.BYTE_RANGE_GAP}),
        )


_register_forgeries()


@attack("ByteRange: missing", Reason.BYTE_RANGE_BROKEN)
def _() -> bytes:
    return signed().replace(b"/ByteRange ", b"/ByteRangX ")


@attack("Contents: missing", Reason.CONTENTS_BROKEN)
def _() -> bytes:
    return CONTENTS.sub(rb"/ContentZ \1", signed())


@attack("Contents: the same digits with white space and letters behind", Reason.BYTE_RANGE_GAP)
def _() -> bytes:
    found = CONTENTS.search(signed())
    assert found
    digits = found[1]
    # A comment inside a string is none: a reader that skips it reads something else.
    return replaced(signed(), CONTENTS, digits[:-9] + b"%evil\n>")


@attack("SubFilter: another one", Reason.SUBFILTER_UNSUPPORTED)
def _() -> bytes:
    return signed().replace(b"/ETSI.CAdES.detached", b"/ETSI.CAdES.detacheX")


@attack("SubFilter: of a time-stamp", Reason.SUBFILTER_UNSUPPORTED)
def _() -> bytes:
    return signed().replace(b"/ETSI.CAdES.detached", b"/ETSI.RFC3161       ")


@attack("second part moved, evil table and object between", Reason.BYTE_RANGE_GAP)
def _() -> bytes:
    """The old place of the table of references holds one that leads to the evil object."""
    document, (_, gap, place, length) = signed(), numbers_of(signed())
    shift, table_at = 4096, startxref_of(document)
    evil = b"4 0 obj\n<< /Length 4 >>\nstream\nevil\nendstream\nendobj\n"
    # The rest of the signature dictionary, once more, with the range that leaves all this out.
    rest = document[place : document.index(b"endobj", place) + 7]
    rest = replaced(rest, RANGE, b"[0 %d %d %d]" % (gap, place + shift, length))
    table, trailer = document[table_at:].split(b"trailer", 1)
    table = re.sub(
        rb"(\d{10}) 00000 n",
        lambda one: b"%010d 00000 n" % (int(one[1]) + (shift if int(one[1]) > place else 0)),
        table,
    )
    table += b"4 1\n%010d 00000 n\r\ntrailer" % (place + len(rest))
    between = (rest + evil).ljust(table_at - place) + table + trailer.split(b"startxref")[0]
    assert len(rest + evil) < table_at - place
    assert len(between) < shift
    return document[:place] + between.ljust(shift) + document[place:]


@attack("hidden behind the end of the string", Reason.BYTE_RANGE_GAP)
def _() -> bytes:
    document = signed()
    found = CONTENTS.search(document)
    assert found
    return replaced(document, CONTENTS, found[1][:-200] + b"> /Evil (" + b"x" * 100 + b") /X <00>")
