"""What time it is by several servers of which some may be wrong. (security-and-pki 2.6)

Four are asked and three must agree, so one that lies or sleeps changes nothing. Asking and
measuring is ``csc_server.adapters.ntp``; what a clock that is off must not do is ``policies.tsa``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from statistics import median
from typing import Final

ASKED: Final = 4
NEEDED: Final = 3
"""As sigstore's authority does it."""
TRIES: Final = 3
ANSWER_LIMIT: Final = timedelta(seconds=3)
"""How long one try waits for its servers."""
ASK_EVERY: Final = timedelta(seconds=48)
"""With three tries of three seconds less than ``tsa.READING_LIFE``: while servers can be reached,
there is never a moment without a reading."""
ASK_AGAIN: Final = timedelta(seconds=8)
"""After too few agreed, or our clock was off: who has no time does not wait for the next turn."""
LEAST_PAUSE_S: Final = 1.0
"""Between any two rounds: whoever asks too often is not answered any more."""
LONGEST_TRIP: Final = timedelta(milliseconds=200)
"""There and back. Half of it is how wrong an answer can be without anybody lying."""
AGREE_WITHIN: Final = timedelta(milliseconds=100)
"""Between the first and the last of those that agree."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What one server said."""

    server: str
    offset: timedelta
    """Our clock minus its."""


def agreed(samples: Sequence[Sample]) -> timedelta | None:
    """How far our clock is off, by those that agree; ``None``: too few do.

    The most that lie closely together count, of equally many the closest; their middle is taken.
    """
    offsets = sorted(one.offset for one in samples)
    groups = []
    for at, first in enumerate(offsets):
        group = [one for one in offsets[at:] if one - first <= AGREE_WITHIN]
        groups.append((len(group), first - group[-1], group))
    best = max(groups, default=None)
    if best is None or best[0] < NEEDED:
        return None
    return timedelta(microseconds=median(one // timedelta(microseconds=1) for one in best[2]))
