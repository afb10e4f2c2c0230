"""When a place is found out, and what it may do while the whole service is being tried."""

from __future__ import annotations

import pytest

from policies import pacing, spray
from policies.spray import LoginRules, Seen
from tests.build import T0


@pytest.mark.parametrize(
    ("failed", "opened", "found"),
    [
        (0, 0, False),
        (20, 0, False),
        (21, 0, True),
        (21, 20, True),
        (21, 21, False),
        (500, 499, True),
        (500, 900, False),
    ],
)
def test_a_place_is_found_out_by_the_names_it_never_gets_into(
    failed: int, opened: int, found: bool
) -> None:
    """More than twenty, and more than those it gets into: an office mistypes, and gets in."""
    assert spray.sprayed(Seen(failed, opened), spray.MOST_NAMES) is found


def test_spraying_ten_thousand_accounts_takes_weeks() -> None:
    """From one address, with one password: twenty-one names, then an hour of rest."""
    names, now = 0, T0
    while names < 10_000:
        names += spray.MOST_NAMES + 1
        now = spray.refused_until(now)
    assert (now - T0).days >= 19


def test_the_budget_of_a_place_under_attack() -> None:
    """One a minute in place of ten, in a bucket of the same window; never more than before."""
    rules = LoginRules()
    quiet = rules.of_place("192.0.2.1", under_attack=False)
    tried = rules.of_place("192.0.2.1", under_attack=True)
    assert (quiet.limit.most, tried.limit.most) == (10, 1)
    assert (quiet.key, quiet.limit.window) == (tried.key, tried.limit.window)
    strict = LoginRules(failures=pacing.Limit(pacing.Paced.FAILED_LOGIN, 1, pacing.MINUTE))
    assert strict.of_place("x", under_attack=True) == strict.of_place("x", under_attack=False)


def test_names_and_places_are_remembered_by_digest() -> None:
    """One name in whatever case; a name that is an address of a place is something else."""
    assert spray.name_digest("Ana@Example.com") == spray.name_digest("ana@example.COM")
    assert spray.name_digest("192.0.2.1") != spray.place_digest("192.0.2.1")
    assert b"192" not in spray.place_digest("192.0.2.1")
    assert len(spray.name_digest("\ud800")) == 32
