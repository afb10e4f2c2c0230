"""What keeps signatures checkable: room for time-stamps, and when an archive is renewed.

(EN 319 142-1 5.4, 6; EN 319 122-1 5.5, 6; security-and-pki 3.1, 3.3)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from policies.algorithms import HashAlgorithm

STAMP_ROOM: Final = 16 * 1024
"""Bytes for the token of a document time-stamp (security-and-pki 3.1); ours has 4 KiB, one with
long chains in it 12."""
MOST_STAMP_ROOM: Final = 128 * 1024
"""Bytes; a token that is larger is none."""
RENEW_AHEAD: Final = timedelta(days=180)
"""Before a time-stamp can no longer be checked: an authority may be gone, a job may stand still."""
RSA_3000_FROM: Final = datetime(2029, 1, 1, tzinfo=UTC)
"""TS 119 312 V1.5.1: RSA below 3000 bits is usable to the end of 2028."""
LEAST_RSA_BITS: Final = 3000
DIGEST: Final = HashAlgorithm.SHA256
"""Of document time-stamps, as long as it is strong: what every reader knows."""


@dataclass(frozen=True, slots=True)
class StampFacts:
    """The time-stamp that everything before it hangs on."""

    certificate_ends: datetime
    """``notAfter`` of the unit's certificate."""
    rsa_bits: int | None
    """Of the unit's key; ``None``: another kind of key."""


def good_until(facts: StampFacts) -> datetime:
    """First instant at which the time-stamp can no longer be checked by itself."""
    ends = [facts.certificate_ends]
    if facts.rsa_bits is not None and facts.rsa_bits < LEAST_RSA_BITS:
        ends.append(RSA_3000_FROM)
    return min(ends)


def renewal_due(stamps: Sequence[StampFacts], now: datetime) -> bool:
    """Whether a further time-stamp has to be put on: the last one will not do for long.

    Args:
        stamps: In the order they were made; without any nothing is due.
        now: Aware.
    """
    return bool(stamps) and now >= good_until(stamps[-1]) - RENEW_AHEAD
