"""What an account has left of its package: each signature is one transaction. (journeys J7.7)

An account without credits is not metered: it was made by an operator, or belongs to somebody who
does not sell signatures. What is used is counted from the signatures themselves, so that no
second book can disagree with them: reserved hashes count, so that requests in parallel cannot
overdraw, and what was released or burned does not (a failed signature is not charged).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from policies import errors

MOST_CREDIT: Final = 1_000_000
"""Transactions of one credit; the largest package of the journeys has 600."""
REFERENCE_CHARACTERS: Final = 100
"""Of the order or reason that a credit names."""


@dataclass(frozen=True, slots=True)
class Balance:
    """Where an account stands."""

    credited: int | None
    """All credits together; ``None``: not metered."""
    used: int
    """Signatures made or under way."""

    @property
    def left(self) -> int | None:
        """What may still be signed, at least 0; ``None``: not metered."""
        return None if self.credited is None else max(self.credited - self.used, 0)


def covered(balance: Balance) -> None:
    """Return when the signatures that are reserved already are paid for.

    Raises:
        TransactionsUsedUp: They are more than was bought.
    """
    if balance.credited is not None and balance.used > balance.credited:
        raise errors.TransactionsUsedUp(f"{balance.used} of {balance.credited}")
