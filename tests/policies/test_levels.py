"""When an archive has to be renewed. (security-and-pki 3.1, 3.3)"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from policies import levels
from policies.levels import LEAST_RSA_BITS, RENEW_AHEAD, RSA_3000_FROM, StampFacts

LATE = datetime(2040, 1, 1, tzinfo=UTC)
MOMENT = timedelta(seconds=1)


def test_a_stamp_ends_with_its_certificate_or_its_algorithm() -> None:
    """Whichever is earlier; only RSA below 3000 bits has a last day."""
    assert levels.good_until(StampFacts(LATE, None)) == LATE
    assert levels.good_until(StampFacts(LATE, LEAST_RSA_BITS)) == LATE
    assert levels.good_until(StampFacts(LATE, LEAST_RSA_BITS - 1)) == RSA_3000_FROM
    early = RSA_3000_FROM - MOMENT
    assert levels.good_until(StampFacts(early, 2048)) == early


def test_renewal_is_due_half_a_year_before() -> None:
    """From that instant on, judged by the last stamp alone; without any nothing is due."""
    due = LATE - RENEW_AHEAD
    last = StampFacts(LATE, None)
    old = StampFacts(datetime(2030, 1, 1, tzinfo=UTC), None)
    assert not levels.renewal_due((old, last), due - MOMENT)
    assert levels.renewal_due((old, last), due)
    assert not levels.renewal_due((), due)
