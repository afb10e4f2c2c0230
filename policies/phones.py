"""Phone numbers: E.164, from countries that we send SMS to. (journeys J1.2, J5)"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

DEFAULT_PREFIXES: Final = ("+40",)
"""Countries that SMS go to unless more are configured: one that we do not know the price of is
an open door for toll fraud (security-and-pki 5.7)."""
SHORTEST: Final = 8
LONGEST: Final = 15
"""Digits of an international number, the country's included (E.164 6.2: at most 15)."""
_SEPARATORS: Final = re.compile(r"[\s().\-/]+")
_NATIONAL_DIGITS: Final = {"+40": 9}
"""Digits after the prefix, where the country has one length (Romania's numbering plan)."""


class PhoneInvalid(ValueError):
    """Not a phone number that can be used. The text is the word of the problem."""

    MALFORMED = "malformed"
    COUNTRY = "country"


def parse(text: str, prefixes: Sequence[str], prefix: str = "") -> str:
    """The number in E.164: ``+`` and 8 to 15 digits.

    Args:
        text: As typed; spaces, dots, hyphens, brackets and slashes do not matter. Without ``+``
            or ``00`` it is a national number, whose leading zero is dropped.
        prefixes: Country prefixes that are allowed, with their ``+``.
        prefix: Country prefix picked beside the field, for a national number.

    Raises:
        PhoneInvalid: Not a number, or one of a country that we do not send SMS to.
    """
    digits = _SEPARATORS.sub("", text)
    if digits.startswith("00"):
        digits = f"+{digits[2:]}"
    if not digits.startswith("+"):
        digits = prefix + digits.removeprefix("0")
    if not (
        digits.isascii() and re.fullmatch(rf"\+[1-9]\d{{{SHORTEST - 1},{LONGEST - 1}}}", digits)
    ):
        raise PhoneInvalid(PhoneInvalid.MALFORMED)
    country = country_of(digits, prefixes)
    if country is None:
        raise PhoneInvalid(PhoneInvalid.COUNTRY)
    wanted = _NATIONAL_DIGITS.get(country)
    if wanted is not None and len(digits) - len(country) != wanted:
        raise PhoneInvalid(PhoneInvalid.MALFORMED)
    return digits


def country_of(phone: str, prefixes: Sequence[str]) -> str | None:
    """The longest of the prefixes that the number starts with."""
    fitting = [prefix for prefix in prefixes if phone.startswith(prefix)]
    return max(fitting, key=len, default=None)
