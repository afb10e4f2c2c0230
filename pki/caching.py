"""HTTP headers of what says when it will be old: OCSP answers and CRLs. (RFC 9919 7.2, RFC 9111)

Values only; who sends them is elsewhere. ``Date`` is the server's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Final

from policies import status
from policies.status import Window

NEVER: Final[Mapping[str, str]] = {"Cache-Control": "no-store"}
"""Of errors, of answers with a nonce, of answers about unknown certificates."""


def headers(
    body: bytes, window: Window, now: datetime, renewed: timedelta | None = None
) -> dict[str, str]:
    """Of a body that anybody may keep until it is old.

    Args:
        renewed: As in ``policies.status.max_age``.
    """
    seconds = int(status.max_age(window, now, renewed).total_seconds())
    return {
        "ETag": tag(body),
        "Last-Modified": _date(window.this_update),
        "Expires": _date(window.next_update),
        "Cache-Control": f"max-age={seconds}, public, no-transform, must-revalidate",
    }


def tag(body: bytes) -> str:
    """Names this very content (RFC 9110 8.8.3)."""
    return f'"{hashlib.sha256(body).hexdigest()}"'


def matches(held: Iterable[str], current: str) -> bool:
    """True when one of the tags in these ``If-None-Match`` headers names the content.

    Weakly: whether the tag says so or not, the bytes are the same (RFC 9110 13.1.2).
    """
    tags = [one.strip().removeprefix("W/") for line in held for one in line.split(",")]
    return "*" in tags or current in tags


def _date(instant: datetime) -> str:
    return format_datetime(instant.astimezone(UTC), usegmt=True)
