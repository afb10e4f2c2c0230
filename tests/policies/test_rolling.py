"""When the other key takes over, and which one works."""

from __future__ import annotations

from datetime import timedelta

import pytest

from policies import rolling
from policies.rolling import Life
from tests.build import SECOND, T0

DAY = timedelta(days=1)
A, B = "ocsp-a", "ocsp-b"


def life(begin_days: int, days: int = 90) -> Life:
    """From so many days after T0 on."""
    begin = T0 + begin_days * DAY
    return begin, begin + days * DAY


@pytest.mark.parametrize(
    ("lives", "present"),
    [
        ({A: None, B: None}, None),
        ({A: life(0), B: None}, A),
        ({A: life(-60), B: life(0)}, B),
        ({A: life(0), B: life(-60)}, A),
        ({A: life(1), B: life(-60)}, B),
        ({A: life(-91), B: None}, None),
    ],
)
def test_the_youngest_good_one_works(lives: dict[str, Life | None], present: str | None) -> None:
    """What is not good yet, or not any more, does not count."""
    assert rolling.present_key(lives, T0) == present


@pytest.mark.parametrize(
    ("profile", "lives", "following"),
    [
        ("ocsp", {A: None, B: None}, A),
        ("ocsp", {A: life(0), B: None}, None),
        ("ocsp", {A: life(-60), B: None}, B),
        ("ocsp", {A: life(-90), B: life(-60)}, A),
        ("ocsp", {A: life(-59), B: life(-90)}, None),
        ("tsa", {A: life(-364, 1825), B: None}, None),
        ("tsa", {A: life(-365, 1825), B: None}, B),
        ("ocsp", {A: life(-200), B: life(-300)}, A),
    ],
)
def test_the_other_key_takes_over(
    profile: str, lives: dict[str, Life | None], following: str | None
) -> None:
    """At two thirds of a responder's 90 days, and after a time-stamping unit's year."""
    assert rolling.next_key(profile, lives, T0) == following


def test_the_second_before_nothing_is_rolled() -> None:
    """The limit itself is the first instant."""
    lives: dict[str, Life | None] = {A: life(-60), B: None}
    assert rolling.next_key("ocsp", lives, T0 - SECOND) is None
