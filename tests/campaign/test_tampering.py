"""Random bytes of signed documents changed: no change is accepted. (security-and-pki 7.2 row 28)

One byte becomes another one, in what the signature covers or in the CMS. Accepted would be: passed
at the level that the document had. Fifty changes a round; `make campaign` makes 10,000.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable
from typing import Final

import pytest
from asn1crypto import cms

from ades.validation import validator
from ades.validation.errors import Unreadable
from ades.validation.report import SignatureLevel
from ades.validation.trust import Trust
from policies.validation import Indication, Reason
from tests.ades.validation import scribe
from tests.ades.validation.authority import HOUR, T0, authority

A_ROUND: Final = 50
CONTENT: Final = b"contract of sale, page 1"
_GAP: Final = re.compile(rb"/Contents <([0-9a-fA-F]{1000,})>")


def flipped(data: bytes, place: int, by: random.Random) -> bytes:
    """Another byte at this place."""
    return data[:place] + bytes([data[place] ^ by.randrange(1, 256)]) + data[place + 1 :]


def _length(der: bytes) -> int:
    return len(cms.ContentInfo.load(der).dump())


def _in_pdf(document: bytes) -> Callable[[random.Random], tuple[bytes, bytes | None]]:
    """Every second time in the covered bytes, else in the CMS, as a byte and not as a digit."""
    gap = _GAP.search(document)
    assert gap
    contents = bytes.fromhex(gap[1].decode())

    def change(by: random.Random) -> tuple[bytes, bytes | None]:
        if by.random() < 0.5:
            place = by.randrange(len(document) - len(gap[1]) - 2)
            place += 0 if place < gap.start(1) - 1 else len(gap[1]) + 2
            return flipped(document, place, by), None
        # Beyond its end too: what is behind it has to be zero.
        made = flipped(contents, by.randrange(_length(contents) + 20), by).hex().encode()
        return document[: gap.start(1)] + made + document[gap.end(1) :], None

    return change


def _in_p7s(signature: bytes) -> Callable[[random.Random], tuple[bytes, bytes | None]]:
    """In the signature, or in the document beside it."""

    def change(by: random.Random) -> tuple[bytes, bytes | None]:
        if by.random() < 0.5:
            return flipped(signature, by.randrange(len(signature)), by), CONTENT
        return signature, flipped(CONTENT, by.randrange(len(CONTENT)), by)

    return change


def _documents() -> dict[str, tuple[bytes, SignatureLevel, bytes | None]]:
    # The issuer's certificate once, with the signature: a second copy would be needed by nobody,
    # and its bytes with it.
    stamp = scribe.stamped(chain=())
    detached = scribe.p7s(CONTENT)
    stamped = scribe.p7s(CONTENT, unsigned=stamp)
    return {
        "PAdES B-B": (scribe.leveled("B-B"), SignatureLevel.B_B, None),
        "PAdES B-T": (scribe.pdf(by=scribe.signer(unsigned=stamp)), SignatureLevel.B_T, None),
        "CAdES B-B": (detached, SignatureLevel.B_B, CONTENT),
        "CAdES B-T": (stamped, SignatureLevel.B_T, CONTENT),
    }


@pytest.mark.parametrize("kind", ["PAdES B-B", "PAdES B-T", "CAdES B-B", "CAdES B-T"])
def test_no_change_is_accepted(kind: str, rounds: int) -> None:
    """Whatever byte: not passed, or not at this level any more; never an error of ours."""
    document, level, original = _documents()[kind]
    trust = Trust(authority().trust.anchors, authority().evidence())

    def accepted(signed: bytes, beside: bytes | None) -> tuple[bool, Reason | str]:
        try:
            report = validator.validate(signed, beside, trust, T0 + HOUR)
        except Unreadable as error:
            return False, str(error)
        if report.indication is None:
            return False, "no signature"
        first = report.signatures[0]
        passed = report.indication is Indication.PASSED and first.level is level
        return passed, first.reasons[0] if first.reasons else "another level"

    assert accepted(document, original)[0]
    seed = random.randrange(2**32)
    by = random.Random(seed)
    change = _in_pdf(document) if original is None else _in_p7s(document)
    found: Counter[str] = Counter()
    for number in range(max(1, rounds * A_ROUND // 4)):
        good, reason = accepted(*change(by))
        assert not good, f"seed {seed}, change {number}"
        found[str(reason)] += 1
    print(f"\n{kind}: {found.total()} changes, none accepted: {dict(found.most_common())}")
