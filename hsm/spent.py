"""What this process has signed: the second guard against signing an approval twice.

The first guard is the database (``policies.lifecycle``). This one holds even when somebody
turned a row back, but only in this process and only while it lives.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from hsm import errors
from policies.values import SadId

MOST_ROOTS: Final = 100_000
"""About 30 MB. Beyond it the oldest are forgotten, expired or not: the database still knows."""


class Spent:
    """Ordinals per root SAD, until no extension of the root can be good any more."""

    def __init__(self, most_roots: int = MOST_ROOTS) -> None:
        self._most_roots = most_roots
        # In order of arrival, which is the order of expiry but for seconds.
        self._roots: dict[SadId, tuple[datetime, set[int]]] = {}

    def __len__(self) -> int:
        return len(self._roots)

    def claim(
        self, root_id: SadId, ordinals: Iterable[int], until: datetime, now: datetime
    ) -> None:
        """Afterwards these ordinals count as signed.

        Raises:
            Rejected: One of them was claimed before. Nothing is changed then.
        """
        self._prune(now)
        wanted = set(ordinals)
        _, signed = self._roots.setdefault(root_id, (until, set()))
        if signed & wanted:
            raise errors.Rejected(f"signed before by this process: {sorted(signed & wanted)}")
        signed |= wanted

    def release(self, root_id: SadId, ordinals: Iterable[int]) -> None:
        """The device definitely made no signature for these."""
        _, signed = self._roots[root_id]
        signed.difference_update(ordinals)

    def _prune(self, now: datetime) -> None:
        while self._roots:
            oldest = next(iter(self._roots))
            if now < self._roots[oldest][0] and len(self._roots) < self._most_roots:
                return
            del self._roots[oldest]
