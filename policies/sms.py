"""What fits into an SMS. (3GPP TS 23.038 6.2.1; providers 3.4)

One letter outside GSM-7 turns the whole text into UCS-2 with 70 characters a segment, so our
texts are plain ASCII: ``transliterate`` writes Romanian and French without diacritics.
"""

from __future__ import annotations

import unicodedata
from typing import Final

_BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED: Final = frozenset("\f^{}\\[~]|€")
"""Sent as two septets each."""

SINGLE: Final = 160
PART: Final = 153
"""Septets of a text that stands alone, and of each part of a longer one."""
MAX_SEGMENTS: Final = 3
"""providers 3.4: refuse more."""

_REPLACED: Final = str.maketrans(
    # Quotation marks, dashes, spaces that do not break.
    {"\u2018": "'", "\u2019": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"'}
    | {"\u2013": "-", "\u2014": "-", "…": "...", "\u00a0": " ", "\u202f": " "}
    | {"œ": "oe", "Œ": "OE", "æ": "ae", "Æ": "AE"}
)


class TextUnsendable(ValueError):
    """A text that does not fit, or has letters that no phone gets in one piece."""


def transliterate(text: str) -> str:
    """The text in ASCII: letters without diacritics, typographic marks as plain ones.

    Raises:
        TextUnsendable: Something has no plain form.
    """
    decomposed = unicodedata.normalize("NFD", text.translate(_REPLACED))
    plain = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    if not plain.isascii():
        raise TextUnsendable("letters without a plain form")
    return plain


def septets(text: str) -> int:
    """Length in GSM-7.

    Raises:
        TextUnsendable: A letter is not in GSM-7.
    """
    if not _BASIC.union(_EXTENDED).issuperset(text):
        raise TextUnsendable("letters outside GSM-7")
    return len(text) + sum(letter in _EXTENDED for letter in text)


def segments(text: str) -> int:
    """How many parts the text is sent in, at most ``MAX_SEGMENTS``.

    Raises:
        TextUnsendable: It is longer, or a letter is not in GSM-7.
    """
    length = septets(text)
    if length <= SINGLE:
        return 1
    # An escape pair is not torn apart, so a part may hold one septet less.
    count = used = 0
    for letter in text:
        width = 2 if letter in _EXTENDED else 1
        if count == 0 or used + width > PART:
            count, used = count + 1, 0
        used += width
    if count > MAX_SEGMENTS:
        raise TextUnsendable(f"{count} segments")
    return count
