"""Why a file cannot be validated at all. The texts are for the person who gave it."""

from __future__ import annotations

from typing import Final

FAULTS: Final = (
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    AttributeError,
    NameError,
    AssertionError,
    NotImplementedError,  # pyHanko's and asn1crypto's word for what they do not read
)
"""How the libraries say that bytes from a stranger are not what they seem: their parsers are lazy,
so it may come at any later look, and some of it is their own bugs (a random byte finds them)."""


class Unreadable(Exception):
    """Not a document that we read, or not one with a signature container."""
