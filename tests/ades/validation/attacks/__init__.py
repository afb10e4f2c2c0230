"""The attacks of security-and-pki 6.1 as documents, each with the reasons that may name it.

Universal forgery, incremental saving, wrapping (2019); shadow attacks (2020/21); attacks on
certified documents (2021); tricks with CMS. Each starts from a right signature of the sample.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from typing import Any, Final

from pyhanko.pdf_utils import generic as untyped_generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from policies.validation import Reason
from tests.ades.validation import scribe

generic: Any = untyped_generic
RANGE: Final = re.compile(rb"/ByteRange (\[[^\]]*\] *)")
CONTENTS: Final = re.compile(rb"/Contents (<[0-9a-fA-F]{1000,}>)")


@dataclass(frozen=True)
class Attack:
    """A document that must not pass."""

    make: Callable[[], bytes]
    reasons: frozenset[Reason]
    """One of them is named."""
    original: bytes | None = None


ATTACKS: dict[str, Attack] = {}


Maker = Callable[[], bytes]


def attack(name: str, *reasons: Reason, original: bytes | None = None) -> Callable[[Maker], Maker]:
    """Keep the attack that the function below makes."""

    def keep(make: Maker) -> Maker:
        assert name not in ATTACKS
        ATTACKS[name] = Attack(make, frozenset(reasons), original)
        return make

    return keep


@cache
def signed() -> bytes:
    """The right one."""
    return scribe.pdf()


def replaced(document: bytes, place: re.Pattern[bytes], value: bytes) -> bytes:
    """The last match with another value of the same length."""
    match = list(place.finditer(document))[-1]
    room = match.end(1) - match.start(1)
    assert len(value) <= room, f"{len(value)} into {room}"
    return document[: match.start(1)] + value.ljust(room) + document[match.end(1) :]


def numbers_of(document: bytes) -> list[int]:
    """Of the last ``/ByteRange``."""
    text = list(RANGE.finditer(document))[-1][1]
    return [int(one) for one in re.findall(rb"\d+", text)]


def startxref_of(document: bytes) -> int:
    """Place of the last table of references."""
    return int(re.findall(rb"startxref\s+(\d+)", document)[-1])


def updated(document: bytes, change: Callable[[IncrementalPdfFileWriter], None]) -> bytes:
    """The document with an incremental update."""
    writer: Any = IncrementalPdfFileWriter(BytesIO(document))
    change(writer)
    output = BytesIO()
    writer.write(output)
    return output.getvalue()


def in_pdf(**changes: Any) -> bytes:
    """The sample with a signature that was made differently."""
    return scribe.pdf(by=scribe.signer(**changes))
