"""Where to go after the login: only to a page of our own. (RFC 9700 4.11: no open redirect)"""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

HOME: Final = "/settings"
"""Where a login ends that came from nowhere."""
_LONGEST: Final = 1000


def inward(address: str, known: frozenset[str]) -> str:
    """The address if it is path and query of one of these pages; else ``HOME``."""
    # Browsers take a backslash for a slash, and drop tabs and line ends.
    if len(address) > _LONGEST or "\\" in address or not address.isprintable():
        return HOME
    try:
        parts = urlsplit(address)
    except ValueError:
        return HOME
    inside = not parts.scheme and not parts.netloc and not parts.fragment
    return address if inside and parts.path in known else HOME
