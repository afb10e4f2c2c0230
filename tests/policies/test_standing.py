"""How a certificate stands: the microsecond before, at and after each limit."""

from __future__ import annotations

from datetime import timedelta

import pytest

from policies import standing
from policies.revocation import CertificateState as S
from policies.standing import ENDS_SOON, Shown
from tests.build import SECOND, T0

END = T0 + timedelta(days=365)


@pytest.mark.parametrize(
    ("state", "after", "expected"),
    [
        (S.ISSUED, T0 - SECOND, Shown.WAITING),
        (S.ISSUED, T0, Shown.VALID),
        (S.ISSUED, END - ENDS_SOON, Shown.VALID),
        (S.ISSUED, END - ENDS_SOON + SECOND, Shown.ENDS_SOON),
        (S.ISSUED, END, Shown.ENDS_SOON),
        (S.ISSUED, END + SECOND, Shown.EXPIRED),
        (S.SUSPENDED, T0, Shown.SUSPENDED),
        (S.SUSPENDED, END + SECOND, Shown.EXPIRED),
        (S.REVOKED, T0, Shown.REVOKED),
        (S.REVOKED, END + SECOND, Shown.REVOKED),
    ],
)
def test_the_word_for_it(state: S, after: object, expected: Shown) -> None:
    """What somebody decided goes before what time does; revoked is for ever."""
    assert standing.shown(state, T0, END, after) is expected  # type: ignore[arg-type]  # a table


def test_what_its_owner_may_do() -> None:
    """Suspend what is not held; revoke what could be relied on again; nothing of what is over."""
    assert {one for one in Shown if standing.may_suspend(one)} == {
        Shown.VALID,
        Shown.ENDS_SOON,
        Shown.WAITING,
    }
    assert {one for one in Shown if standing.may_revoke(one)} == {
        Shown.VALID,
        Shown.ENDS_SOON,
        Shown.WAITING,
        Shown.SUSPENDED,
    }
