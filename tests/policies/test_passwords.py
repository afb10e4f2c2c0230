"""What a new password must be like: a reason for each refusal. (security-and-pki 5.2)"""

from __future__ import annotations

import pytest

from csc_server.adapters.strength import ZxcvbnStrength
from policies import passwords
from policies.passwords import Estimate, Weakness
from policies.secret import Password

STRONG = Estimate(4, common=False)
NONE: frozenset[str] = frozenset()


def judged(
    text: str, *, estimate: Estimate = STRONG, context: frozenset[str] = NONE, second: bool = True
) -> Weakness | None:
    """The weakness of a password."""
    return passwords.weakness(Password(text), estimate, context, second_factor=second)


@pytest.mark.parametrize(("second", "shortest"), [(True, 12), (False, 15)])
def test_the_shortest_length(second: bool, shortest: int) -> None:
    """12 with a second factor, 15 where the password stands alone; characters, not bytes."""
    for letter in ("x", "ă", "\U0001f511"):
        assert judged(letter * (shortest - 1), second=second) is Weakness.TOO_SHORT
        assert judged(letter * shortest, second=second) is None
    assert passwords.shortest(second_factor=second) == shortest


def test_the_longest_length_is_counted_in_bytes() -> None:
    """256 of UTF-8; a lone surrogate is counted, not a failure."""
    assert judged("x" * 256) is None
    assert judged("x" * 257) is Weakness.TOO_LONG
    assert judged("ă" * 128) is None
    assert judged("ă" * 129) is Weakness.TOO_LONG
    assert judged("\ud800" * 86) is Weakness.TOO_LONG


def test_keyboards_do_not_matter() -> None:
    """NFC before anything is counted."""
    composed, apart = Password("\u0103" * 6), Password("a\u0306" * 6)
    assert passwords.normal(apart) == composed
    assert judged(passwords.normal(apart).value) is Weakness.TOO_SHORT


@pytest.mark.parametrize(("score", "wanted"), [(0, Weakness.GUESSABLE), (2, Weakness.GUESSABLE)])
def test_a_low_score_is_refused(score: int, wanted: Weakness) -> None:
    """Three is enough."""
    assert judged("x" * 20, estimate=Estimate(score, common=False)) is wanted
    assert judged("x" * 20, estimate=Estimate(3, common=False)) is None


def test_a_common_password_is_refused_whatever_its_score() -> None:
    """The list comes before the estimate."""
    assert judged("x" * 20, estimate=Estimate(4, common=True)) is Weakness.COMMON


def test_words_of_the_context_do_not_count() -> None:
    """Names, brand and host are taken out; eight characters must be left."""
    context = passwords.context_words(["Ana-Maria", "Popescu", "ana.popescu@example.com", "Paraph"])
    assert judged("PopescuParaph1", context=context) is Weakness.CONTEXT
    assert judged("ana.popescu@example", context=context) is Weakness.CONTEXT
    assert judged("paraph" + "x" * 7, context=context) is Weakness.CONTEXT
    assert judged("paraph" + "x" * 8, context=context) is None


def test_short_words_are_no_context() -> None:
    """They are found in too much by chance."""
    assert passwords.context_words(["Ana", "Ion"]) == NONE
    assert "maria" in passwords.context_words(["Ana-Maria"])


@pytest.mark.parametrize(
    ("text", "common"),
    [
        ("password", True),
        ("Password123!", True),
        ("trustno1trustno1", True),
        ("QWERTY", True),
        # Long enough to be set, and seen a million places down the list of breaches.
        ("1234567890qwertyuiop", True),
        ("SkippErHorney2", True),
        ("sistersister", True),
        ("lytdybrbdfvgbhf", True),
        # Behind the 30,000 that zxcvbn knows.
        ("yokosuka1958", True),
        ("correct horse battery staple", False),
        ("", False),
    ],
)
async def test_the_list_knows_what_everybody_takes(text: str, common: bool) -> None:
    """In any case, with digits behind it, and doubled."""
    assert (await ZxcvbnStrength()(Password(text), NONE)).common is common


async def test_the_estimate_is_made_of_a_hundred_characters() -> None:
    """Longer input neither fails nor costs more; a passphrase is strong, a run is weak."""
    strength = ZxcvbnStrength()
    for length in (100, 101, 10_000):
        assert (await strength(Password("a" * length), NONE)).score < passwords.LOWEST_SCORE
    assert (await strength(Password("grădina cu 7 portocali albi"), NONE)).score == 4


async def test_the_estimate_knows_the_context() -> None:
    """The owner's own name adds nothing."""
    strength, text = ZxcvbnStrength(), Password("constantinescu")
    without = await strength(text, NONE)
    assert (await strength(text, frozenset({"constantinescu"}))).score < without.score
