"""A request that is sent twice."""

from __future__ import annotations

import pytest

from policies import errors, idempotency
from policies.idempotency import KEPT, LEASE, Kept
from tests.build import SECOND, T0

ASKED = b"r" * 32
UNDER_WAY = Kept(ASKED, T0, None, None)
DONE = Kept(ASKED, T0, 202, b"{}")


def test_when_a_key_is_free() -> None:
    """Never seen, its process died, or its answer is forgotten."""
    assert idempotency.is_free(None, T0)
    for kept, life in ((UNDER_WAY, LEASE), (DONE, KEPT)):
        assert not idempotency.is_free(kept, T0 + life - SECOND)
        assert idempotency.is_free(kept, T0 + life)


def test_what_a_repetition_gets() -> None:
    """The first answer; a refusal for another request, and while there is no answer."""
    assert idempotency.replay(DONE, ASKED) == (202, b"{}")
    with pytest.raises(errors.RequestUnderWay):
        idempotency.replay(UNDER_WAY, ASKED)
    for kept in (UNDER_WAY, DONE):
        with pytest.raises(errors.IdempotencyKeyReused):
            idempotency.replay(kept, b"other" * 6)
