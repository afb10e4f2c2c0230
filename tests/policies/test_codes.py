"""Codes sent by SMS and mail: life, resending, tries, binding. (J1.2, J4.2, J5)"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from policies import codes, errors
from policies.codes import CodeKey, CodePurpose, SentCode, Verdict
from policies.secret import Code
from policies.throttle import CLEAR
from tests.build import HOUR, SECOND, T0

KEY = CodeKey(CodePurpose.PAIRING, "alice", "+40712345678")
RIGHT, WRONG, SALT = Code("012345"), Code("012346"), b"s" * 16
SENT = SentCode(KEY, SALT, codes.seal(KEY, SALT, RIGHT), T0, 0, used=False)
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("purpose", "minutes"),
    [
        (CodePurpose.REGISTRATION, 10),
        (CodePurpose.PAIRING, 10),
        (CodePurpose.PASSWORD, 10),
        (CodePurpose.EMAIL, 5),
        (CodePurpose.NEW_PHONE, 5),
    ],
)
def test_a_code_lives_as_long_as_its_journey_says(purpose: CodePurpose, minutes: int) -> None:
    """The second before the end, the end, and the second after."""
    key = replace(KEY, purpose=purpose)
    sent = replace(SENT, key=key, digest=codes.seal(key, SALT, RIGHT))
    end = T0 + minutes * MINUTE
    assert sent.expires_at == end
    assert codes.judge(sent, RIGHT, CLEAR, end - SECOND) is Verdict.RIGHT
    assert codes.judge(sent, RIGHT, CLEAR, end) is Verdict.DEAD
    assert codes.judge(sent, RIGHT, CLEAR, end + SECOND) is Verdict.DEAD


def test_every_purpose_has_a_life() -> None:
    """None is forgotten."""
    assert set(codes.LIFE) == set(CodePurpose)


@pytest.mark.parametrize("seconds", [-1, 0, 1])
def test_another_goes_out_after_half_an_hour(seconds: int) -> None:
    """Not a second earlier, and the first at once."""
    assert codes.due(None, T0)
    assert codes.due(SENT, T0 + 30 * MINUTE + seconds * SECOND) is (seconds >= 0)


@pytest.mark.parametrize(
    "key",
    [
        replace(KEY, purpose=CodePurpose.PASSWORD),
        replace(KEY, owner="mallory"),
        replace(KEY, destination="+40712345679"),
    ],
)
def test_a_code_is_bound(key: CodeKey) -> None:
    """Another purpose, owner or number: another digest."""
    assert codes.judge(replace(SENT, key=key), RIGHT, CLEAR, T0) is Verdict.WRONG


def test_what_a_guess_is_worth() -> None:
    """Right, wrong, and everything that is not even compared."""
    assert codes.judge(SENT, RIGHT, CLEAR, T0) is Verdict.RIGHT
    assert codes.judge(SENT, WRONG, CLEAR, T0) is Verdict.WRONG
    assert codes.judge(replace(SENT, tries=2), RIGHT, CLEAR, T0) is Verdict.RIGHT
    for dead in (None, replace(SENT, used=True), replace(SENT, tries=3)):
        assert codes.judge(dead, RIGHT, CLEAR, T0) is Verdict.DEAD


def test_demand_raises_what_the_page_tells() -> None:
    """Nothing, tries left, or a dead code."""
    codes.demand(Verdict.RIGHT, 3)
    with pytest.raises(errors.CodeWrong) as wrong:
        codes.demand(Verdict.WRONG, 1)
    assert wrong.value.tries_left == 1
    with pytest.raises(errors.CodeExpired):
        codes.demand(Verdict.DEAD, 3)


def test_new_codes_have_six_digits() -> None:
    """Leading zeros are digits; every residue can come."""
    assert codes.new_code(bytes(16)).value == "000000"
    assert codes.new_code((10**6 + 7).to_bytes(16, "big")).value == "000007"
    assert codes.new_code(b"\xff" * 16).value == f"{(2**128 - 1) % 10**6:06}"


@pytest.mark.parametrize("text", ["012345", " 012 345 ", "012\t345", "0 1 2 3 4 5"])
def test_spaces_between_digits_do_not_matter(text: str) -> None:
    """As apps and SMS show them."""
    assert codes.typed(text) == RIGHT


def test_a_long_guess_is_cut() -> None:
    """Nobody makes us hash a megabyte."""
    assert len(codes.typed("1" * 10**6).value) < 20


def test_five_sms_a_day() -> None:
    """The sixth waits until the first is a day old."""
    sent = [T0 + number * HOUR for number in range(codes.SMS_PER_DAY)]
    codes.admit_sms(sent[1:], MINUTE, T0 + 5 * HOUR)
    with pytest.raises(errors.RateLimited):
        codes.admit_sms(sent, MINUTE, T0 + codes.DAY - SECOND)
    codes.admit_sms(sent, MINUTE, T0 + codes.DAY)


def test_one_sms_a_minute() -> None:
    """The second before, and the instant."""
    with pytest.raises(errors.RateLimited):
        codes.admit_sms([T0], MINUTE, T0 + MINUTE - SECOND)
    codes.admit_sms([T0], MINUTE, T0 + MINUTE)


def test_codes_do_not_show_themselves() -> None:
    """Not in the repr of what holds them."""
    assert RIGHT.value not in repr(RIGHT)
