"""Codes by SMS that approve signatures: when one goes out, which one is judged. (ADR 9)"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import combinations
from typing import Any

import pytest

from policies import authorize, codes, errors, factors, signing_codes, throttle
from policies.authorize import AuthorizeFacts, AuthorizeRequest
from policies.secret import Otp, Pin
from policies.signing_codes import SendFacts, SigningCode
from policies.throttle import CLEAR, Throttle
from policies.values import CredentialId, CredentialState, Factor, StampedCode
from tests import build
from tests.build import ALICE, DIGEST_A, MALLORY, SECOND, T0

GAP = timedelta(seconds=60)
END = T0 + signing_codes.LIFE
PHONE = "+40712345678"
LOCKED = Throttle(throttle.LOCK_AFTER, T0 + timedelta(minutes=1))
PIN_AND_SMS = frozenset({Factor.PIN, Factor.SMS})
CREDENTIAL = build.credential(factors=PIN_AND_SMS, authenticator_id=None)


def code(**changes: Any) -> SigningCode:
    """What went out at T0."""
    standard = SigningCode(StampedCode("code-1", END, b"m" * 32), T0, tries=0, used=False)
    return replace(standard, **changes)


def send_facts(**changes: Any) -> SendFacts:
    """Alice's credential; nothing was sent."""
    return replace(SendFacts(CREDENTIAL, CLEAR, None, (), ()), **changes)


def sendable(now: datetime = T0, phone: str | None = PHONE, **changes: Any) -> bool:
    """May Alice have a code?"""
    return signing_codes.sendable(send_facts(**changes), ALICE.account_id, phone, GAP, now)


def test_which_factors_may_sign() -> None:
    """Of all sixteen sets four: an SMS never without the PIN, never beside the app."""
    everything = [
        frozenset(chosen)
        for size in range(len(Factor) + 1)
        for chosen in combinations(Factor, size)
    ]
    assert {one for one in everything if factors.sound(one)} == {
        frozenset({Factor.OTP}),
        frozenset({Factor.PIN}),
        frozenset({Factor.PIN, Factor.OTP}),
        PIN_AND_SMS,
    }


@pytest.mark.parametrize(
    ("latest", "now", "alive"),
    [
        (None, T0, False),
        (code(), T0, True),
        (code(), END - SECOND, True),
        (code(), END, False),
        (code(used=True), T0, False),
        (code(tries=signing_codes.TRIES - 1), T0, True),
        (code(tries=signing_codes.TRIES), T0, False),
    ],
    ids=["none", "fresh", "a second left", "over", "used", "one try left", "no try left"],
)
def test_which_code_is_judged(latest: SigningCode | None, now: datetime, alive: bool) -> None:
    """The last one, until its end, its use or its third wrong guess."""
    if alive:
        assert latest is not None
        assert signing_codes.usable(latest, now) == latest.stamped
        return
    with pytest.raises(errors.OtpGone):
        signing_codes.usable(latest, now)


def test_a_code_lives_ten_minutes_and_three_guesses() -> None:
    """Never longer than out-of-band codes may (ASVS 6.5.5; security-and-pki 5.1)."""
    assert timedelta(minutes=10) >= signing_codes.LIFE
    assert signing_codes.TRIES == 3


@pytest.mark.parametrize(
    ("latest", "after", "sends"),
    [
        (None, timedelta(0), True),
        (code(), GAP - SECOND, False),
        (code(), GAP, True),
        (code(), signing_codes.LIFE, True),
    ],
    ids=["the first", "just sent", "after the gap", "over"],
)
def test_asking_twice_sends_once(latest: SigningCode | None, after: timedelta, sends: bool) -> None:
    """While the code before is good and young, nothing else goes out, and nothing is refused."""
    sent = () if latest is None else (T0,)
    assert sendable(T0 + after, latest=latest, to_number=sent, for_owner=sent) is sends


@pytest.mark.parametrize("dead", [code(used=True), code(tries=3)], ids=["used", "no try left"])
def test_a_dead_code_does_not_shorten_the_gap(dead: SigningCode) -> None:
    """Another one, but no SMS sooner than a minute after the one before."""
    with pytest.raises(errors.RateLimited):
        sendable(T0 + GAP - SECOND, latest=dead, to_number=(T0,), for_owner=(T0,))
    assert sendable(T0 + GAP, latest=dead, to_number=(T0,), for_owner=(T0,))


@pytest.mark.parametrize("counted", ["to_number", "for_owner"])
def test_five_a_day_of_whatever_kind(counted: str) -> None:
    """To one number, and for one owner whose number changed; a day later again."""
    oldest = T0 - codes.DAY + SECOND
    earlier = tuple(oldest + hours * build.HOUR for hours in range(codes.SMS_PER_DAY))
    full: dict[str, Any] = {counted: earlier}
    with pytest.raises(errors.RateLimited):
        sendable(**full)
    assert sendable(T0 + SECOND, **full)
    fewer: dict[str, Any] = {counted: earlier[1:]}
    assert sendable(**fewer)


REFUSALS: list[tuple[str, dict[str, Any], type[errors.Refused]]] = [
    ("no such credential", {"credential": None}, errors.CredentialUnknown),
    (
        "a disabled key",
        {"credential": replace(CREDENTIAL, state=CredentialState.DISABLED)},
        errors.CredentialDisabled,
    ),
    ("a code of the app", {"credential": build.credential()}, errors.OtpNotSent),
    (
        "an SMS alone",
        {"credential": replace(CREDENTIAL, factors=frozenset({Factor.SMS}))},
        errors.OtpNotSent,
    ),
    ("no number", {"phone": None}, errors.OtpNotSent),
    ("too many wrong codes", {"throttle": LOCKED}, errors.OtpLocked),
]


@pytest.mark.parametrize(
    ("changes", "reason"), [row[1:] for row in REFUSALS], ids=[row[0] for row in REFUSALS]
)
def test_no_code_is_sent(changes: dict[str, Any], reason: type[errors.Refused]) -> None:
    """Before anything is drawn."""
    with pytest.raises(reason):
        sendable(**changes)


def test_nobody_sends_codes_to_somebody_else() -> None:
    """Another account's credential is unknown."""
    with pytest.raises(errors.CredentialUnknown):
        signing_codes.sendable(send_facts(), MALLORY.account_id, PHONE, GAP, T0)


def request(**changes: Any) -> AuthorizeRequest:
    """One hash, PIN and code."""
    standard = AuthorizeRequest(
        credential_id=CredentialId("cred-alice"),
        num_signatures=1,
        hashes=(DIGEST_A,),
        hash_algo=None,
        pin=Pin("294719"),
        otp=Otp("123456"),
    )
    return replace(standard, **changes)


def facts(**changes: Any) -> AuthorizeFacts:
    """A code went out; nothing is locked."""
    return replace(AuthorizeFacts(CREDENTIAL, None, CLEAR, CLEAR, code()), **changes)


def test_authorize_hands_on_what_was_sent() -> None:
    """The signer process gets the stamp beside PIN and code, and no authenticator."""
    check = authorize.check(facts(), ALICE, request(), T0)
    assert check.code == code().stamped
    assert (check.pin, check.otp, check.authenticator) == (Pin("294719"), Otp("123456"), None)


@pytest.mark.parametrize(
    ("known", "asked", "reason"),
    [
        ({"code": None}, {}, errors.OtpGone),
        ({"code": code(used=True)}, {}, errors.OtpGone),
        ({"code": None}, {"otp": None}, errors.OtpMissing),
        ({}, {"otp": None}, errors.OtpMissing),
        ({}, {"pin": None}, errors.PinMissing),
        ({"otp_throttle": LOCKED}, {}, errors.OtpLocked),
        ({"pin_throttle": LOCKED}, {}, errors.PinLocked),
        (
            {"credential": replace(CREDENTIAL, factors=frozenset({Factor.SMS}))},
            {},
            errors.CredentialDisabled,
        ),
        (
            {"credential": replace(CREDENTIAL, factors=frozenset(Factor))},
            {},
            errors.CredentialDisabled,
        ),
    ],
    ids=[
        *("nothing sent", "used", "nothing sent or typed", "no code", "no PIN"),
        *("codes locked", "PIN locked", "an SMS alone", "an SMS beside the app"),
    ],
)
def test_authorize_refuses(
    known: dict[str, Any], asked: dict[str, Any], reason: type[errors.Refused]
) -> None:
    """Without PIN, code or something to compare it with; and factors that may not sign."""
    with pytest.raises(reason):
        authorize.check(facts(**known), ALICE, request(**asked), T0)


def test_other_credentials_are_not_asked_for_a_code_by_sms() -> None:
    """What the store might know of one is not handed on."""
    check = authorize.check(
        facts(credential=build.credential(factors=frozenset({Factor.PIN}))), ALICE, request(), T0
    )
    assert check.code is None
