"""Short forms of what people compare and what strangers typed: hashes, serials, phones, names.

Pure, and the same in every language; the sentences around them stand in the macros.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

LONGEST_CLIENT_TEXT: Final = 100
"""Characters of a client's text that a page shows (ui 3.17)."""

_ELLIPSIS: Final = "…"
_DOT: Final = "•"
_NO_BREAK: Final = "\u00a0"
# ITU-T E.164: country codes of one and of two digits; every other code has three.
_ONE_DIGIT_CODES: Final = frozenset({"1", "7"})
_TWO_DIGIT_CODES: Final = frozenset(
    str(code)
    for codes in ((20, 27, 36, 39, 40, 41, 98), range(30, 35), range(43, 50), range(51, 59))
    for code in codes
) | frozenset(
    str(code) for codes in (range(60, 67), (81, 82, 84, 86), range(90, 96)) for code in codes
)
_NUMBER: Final = re.compile(r"\+(\d{7,15})")


def hash_start(digest: bytes) -> str:
    """``4aec 9aa5``: the first 8 hex digits in fours (ui 3.16)."""
    return _in_fours(digest.hex()[:8])


def hash_end(digest: bytes) -> str:
    """``332c dec0``: the last 8 hex digits in fours."""
    return _in_fours(digest.hex()[-8:])


def hash_short(digest: bytes) -> str:
    """``4aec 9aa5 … 332c dec0``."""
    return f"{hash_start(digest)} {_ELLIPSIS} {hash_end(digest)}"


def serial_short(serial: int) -> str:
    """``… 7c1e 90b4``: the last 8 hex digits of a certificate's serial number."""
    return f"{_ELLIPSIS} {_in_fours(f'{serial:08x}'[-8:])}"


def groups(text: str) -> str:
    """A key in groups of four, for eyes that copy it by hand."""
    return _in_fours(text)


def phone_mask(number: str) -> str:
    """``+40 7•• ••• 321``: country, first digit and last three of an E.164 number.

    Never broken between lines. A number of another form shows nothing but dots.
    """
    found = _NUMBER.fullmatch(number)
    if found is None:
        return _DOT * 3
    digits = found.group(1)
    length = 1 if digits[0] in _ONE_DIGIT_CODES else 2 if digits[:2] in _TWO_DIGIT_CODES else 3
    code, national = digits[:length], digits[length:]
    masked = national[0] + _DOT * (len(national) - 4) + national[-3:]
    return f"+{code}{_NO_BREAK}{_in_threes(masked)}"


def client_text(text: str) -> str:
    """What a client sent, safe to stand on a page: one line, no invisible characters, cut.

    Direction marks and overrides would let a name read other than it is (ui 3.17).
    """
    spaced = "".join(" " if character.isspace() else character for character in text)
    visible = "".join(c for c in spaced if unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co"})
    plain = " ".join(visible.split())
    if len(plain) <= LONGEST_CLIENT_TEXT:
        return plain
    return plain[: LONGEST_CLIENT_TEXT - 1].rstrip() + _ELLIPSIS


def _in_fours(text: str) -> str:
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def _in_threes(text: str) -> str:
    """Threes from the left; what is left over joins the last group."""
    cut = len(text) - len(text) % 3
    heads = [text[at : at + 3] for at in range(0, cut, 3)]
    return _NO_BREAK.join([*heads[:-1], heads[-1] + text[cut:]])
