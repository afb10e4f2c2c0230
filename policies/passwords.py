"""What a new password must be like. (NIST SP 800-63B-4 3.1.1.2; security-and-pki 5.2)

Length, a list of common passwords, words of the context, and an estimate of how many guesses it
would take. No rules about kinds of characters, no periodic change. How the estimate is made is
an adapter's business.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from policies.secret import Password

SHORTEST: Final = 12
"""security-and-pki 5.2, for accounts with a second factor (NIST asks for 8)."""
SHORTEST_ALONE: Final = 15
"""NIST SP 800-63B-4: where the password is the only factor."""
LONGEST_BYTES: Final = 256
"""security-and-pki 5.2: UTF-8 after normalisation; bounds the work of hashing."""
JUDGED_CHARACTERS: Final = 100
"""security-and-pki 5.2: the estimate's cost grows faster than its input."""
LOWEST_SCORE: Final = 3
"""Of 0 to 4: at least 10^8 guesses (security-and-pki 5.2)."""
CONTEXT_CHARACTERS: Final = 4
"""Shorter words of the context are found in too much by chance."""
LEFT_CHARACTERS: Final = 8
"""So many characters must be left when all words of the context are taken out (ASVS 6.2.11)."""


class Weakness(StrEnum):
    """Why a password is refused; told while typing (J1.2)."""

    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    COMMON = "common"
    CONTEXT = "context"
    """Little more than names and words that anybody would try first."""
    GUESSABLE = "guessable"
    SAME = "same"
    """It is the present one."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What the adapter finds out about a password."""

    score: int
    """0 to 4, of the first ``JUDGED_CHARACTERS``."""
    common: bool
    """It is on the list of common passwords, in whatever case."""


def normal(password: Password) -> Password:
    """The password as it is judged and hashed: NFC, so that keyboards do not matter."""
    return Password(unicodedata.normalize("NFC", password.value))


def shortest(*, second_factor: bool) -> int:
    """Least number of characters."""
    return SHORTEST if second_factor else SHORTEST_ALONE


def context_words(texts: Iterable[str]) -> frozenset[str]:
    """The words of brand, host, name and mail address that a password must not consist of."""
    words: set[str] = set()
    for text in texts:
        folded = unicodedata.normalize("NFC", text).casefold()
        parts = "".join(one if one.isalnum() else " " for one in folded).split()
        wholes = (folded, folded.partition("@")[0], "".join(parts))
        words |= {part for part in (*parts, *wholes) if len(part) >= CONTEXT_CHARACTERS}
    return frozenset(words)


def weakness(
    password: Password, estimate: Estimate, context: frozenset[str], *, second_factor: bool
) -> Weakness | None:
    """The first rule that the normalised password breaks, ``None`` when it may be set."""
    text = password.value
    if len(text) < shortest(second_factor=second_factor):
        return Weakness.TOO_SHORT
    if len(text.encode("utf-8", "surrogatepass")) > LONGEST_BYTES:
        return Weakness.TOO_LONG
    if estimate.common:
        return Weakness.COMMON
    if _without(text.casefold(), context) < LEFT_CHARACTERS:
        return Weakness.CONTEXT
    return Weakness.GUESSABLE if estimate.score < LOWEST_SCORE else None


def _without(text: str, words: frozenset[str]) -> int:
    # The longest first: a full name goes before its parts.
    for word in sorted(words, key=len, reverse=True):
        text = text.replace(word, "")
    return len(text)
