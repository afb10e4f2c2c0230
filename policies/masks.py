"""Addresses as they are shown to somebody who has not proved that they are theirs. (journeys J5)"""

from __future__ import annotations

from typing import Final

_SHOWN: Final = 3
_ROMANIAN_CHARACTERS: Final = 12


def phone(number: str) -> str:
    """A number in E.164 with its middle hidden: ``+40 7•• ••• 321``."""
    if number.startswith("+40") and len(number) == _ROMANIAN_CHARACTERS:
        return f"+40 {number[_SHOWN]}•• ••• {number[-_SHOWN:]}"
    hidden = "•" * (len(number) - 2 * _SHOWN)
    return f"{number[:_SHOWN]} {hidden} {number[-_SHOWN:]}"


def email(address: str) -> str:
    """A mail address with its first letter and its domain: ``a•••@example.com``."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}•••@{domain}"
