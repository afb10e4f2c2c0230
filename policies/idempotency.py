"""A request that is sent twice is done once: the header ``Idempotency-Key``.

After draft-ietf-httpapi-idempotency-key-header 2: the same key with another request is refused,
a repetition while the first is under way too, and afterwards it gets the first one's answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from policies import errors

KEY_CHARACTERS: Final = 255
KEPT: Final = timedelta(days=1)
"""How long an answer is remembered: longer than any client tries again by itself."""
LEASE: Final = timedelta(minutes=1)
"""How long a request counts as under way; four times what one may take (``limits.request_s``)."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What is known of a key."""

    request_digest: bytes
    claimed_at: datetime
    status: int | None
    """``None`` while the request is under way, as is ``body``."""
    body: bytes | None


def is_free(kept: Kept | None, now: datetime) -> bool:
    """True when the key may be claimed: never seen, forgotten, or its process died."""
    if kept is None:
        return True
    return now >= kept.claimed_at + (LEASE if kept.status is None else KEPT)


def replay(kept: Kept, request_digest: bytes) -> tuple[int, bytes]:
    """Status and body to be sent again.

    Raises:
        IdempotencyKeyReused: The key came with another request.
        RequestUnderWay: The first one has no answer yet.
    """
    if kept.request_digest != request_digest:
        raise errors.IdempotencyKeyReused("another request")
    if kept.status is None or kept.body is None:
        raise errors.RequestUnderWay("no answer yet")
    return kept.status, kept.body
