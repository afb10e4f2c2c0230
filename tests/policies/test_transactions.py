"""What is left of a package. (journeys J7.7)"""

from __future__ import annotations

import pytest

from policies import errors, transactions
from policies.transactions import Balance


@pytest.mark.parametrize(
    ("credited", "used", "left"), [(None, 7, None), (3, 0, 3), (3, 3, 0), (3, 4, 0)]
)
def test_what_is_left(credited: int | None, used: int, left: int | None) -> None:
    """Never below zero; nothing to tell where nobody counts."""
    assert Balance(credited, used).left == left


def test_the_last_one_is_covered_and_the_next_is_not() -> None:
    """Those that are reserved count already."""
    transactions.covered(Balance(3, 3))
    transactions.covered(Balance(None, 1_000_000))
    with pytest.raises(errors.TransactionsUsedUp):
        transactions.covered(Balance(3, 4))
