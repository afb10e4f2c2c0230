"""A million guesses at a code of six digits in a year: how likely is one right, and can the owner
still get in? (security-and-pki 5.1; issue: at most 1e-4 per account and year)

A guess counts only when it is looked at; each that is has a chance of at most two in a million,
because two time steps are acceptable (``totp.STEPS_BACK``). So n guesses that are looked at
succeed with probability 1 - (1 - 2e-6)^n, and what has to be simulated is n alone: the guesser
tries every 30 seconds and, besides, at the very instant at which a lock ends; the owner logs in,
which clears the consecutive failures, and lifts every hard stop at once. Login and signatures
ask one throttle of the authenticator, and share its budget (tests/contracts/test_people.py).
"""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Iterator
from datetime import datetime, timedelta

import pyotp
import pytest

from policies import codes, errors, pin, throttle, totp
from policies.codes import CodeKey, CodePurpose, SentCode, Verdict
from policies.secret import Code
from policies.throttle import CLEAR, Throttle
from tests.build import T0

GUESSES = 1_000_000
BEAT = throttle.YEAR / GUESSES
CHANCE = (totp.STEPS_BACK + 1) / 10**totp.DIGITS
WANTED = 1e-4
HOUR = timedelta(hours=1)


def looked_at(owner_every: timedelta | None, *, years: int = 1) -> Iterator[datetime]:
    """Instants at which a guess is looked at.

    Guesses while the factor is blocked are refused unseen, so the next one that matters is the
    first beat after the block, or its very end, or after the owner lifted a stop.

    Args:
        owner_every: How often the owner logs in; ``None`` for never.
    """
    state, now, owner_at = CLEAR, T0, T0 + (owner_every or throttle.YEAR * (years + 1))
    while now < T0 + throttle.YEAR * years:
        if now >= owner_at and owner_every:
            state, owner_at = after_owner(state, now), now + owner_every
        if not throttle.blocked(state, now):
            yield now
            state = throttle.after_failure(state, now, budget=True)
            now += BEAT
            continue
        end = throttle.blocked_until(state)
        if state.stopped:
            if owner_every is None:
                return
            # The mail about the stop has come: the owner's link lifts it.
            state = throttle.after_success(state, now)
        elif end is not None:
            # Whoever is blocked keeps the owner out as well: nothing happens before.
            now = max(end, now + timedelta(microseconds=1))


def after_owner(state: Throttle, now: datetime) -> Throttle:
    """The owner logs in when that is possible."""
    return state if throttle.blocked(state, now) else throttle.after_success(state, now)


def chance(guesses: int, of_each: float = CHANCE) -> float:
    """That one of so many guesses is right."""
    return -math.expm1(guesses * math.log1p(-of_each))


@pytest.mark.parametrize(
    "owner_every",
    [None, timedelta(minutes=2), HOUR, 8 * HOUR, timedelta(days=1), timedelta(days=30)],
    ids=str,
)
def test_a_million_guesses_in_a_year(owner_every: timedelta | None) -> None:
    """However often the owner clears the count, the guesser's chance stays below 1e-4."""
    assert chance(len(list(looked_at(owner_every)))) <= WANTED


def test_a_guess_is_worth_two_steps_at_most() -> None:
    """Around the edge of a step, to the microsecond: of a million codes no more than two open.

    A guess that crosses the edge on its way is compared at one instant, with the steps of that
    instant; one that names the code of two steps at once would be worth no more than either.
    """
    codes_of, tick = pyotp.TOTP("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"), timedelta(microseconds=1)
    edge = T0 + timedelta(seconds=totp.STEP_S - T0.timestamp() % totp.STEP_S)
    opened = []
    for now in (edge - tick, edge, edge + tick):
        right = Counter(codes_of.generate_otp(step) for step in totp.acceptable_steps(now))
        assert len(right) <= CHANCE * 10**totp.DIGITS
        opened.append(set(right))
    before, at, after = opened
    assert len(before & at) == 1, "the newest code of the step before lives on, the oldest dies"
    assert at == after


@pytest.mark.parametrize("owner_every", [None, timedelta(minutes=2), timedelta(days=1)], ids=str)
def test_a_million_guesses_at_a_pin(owner_every: timedelta | None) -> None:
    """One verifier, no steps: half the chance of a code, weak PINs being refused counted in."""
    # Repeated digits, runs up and runs down are refused; each begins with any digit.
    possible = 10**pin.SHORTEST - 3 * 10
    guesses = len(list(looked_at(owner_every)))
    assert chance(guesses, 1 / possible) <= WANTED / 1.9


def test_no_year_has_more_wherever_it_begins() -> None:
    """Any 365 days of five years, not only the first."""
    window: deque[datetime] = deque()
    for at in looked_at(timedelta(minutes=2), years=5):
        window.append(at)
        while at - window[0] >= throttle.YEAR:
            window.popleft()
        assert chance(len(window)) <= WANTED


def test_consecutive_failures_alone_would_not_do() -> None:
    """Why there is a budget: four guesses before each of the owner's two logins a day."""
    assert chance(4 * 2 * 365) > 50 * WANTED


def test_the_owner_can_still_get_in() -> None:
    """After each block there is an instant at which the owner's right code is looked at.

    A lock ends by itself; a stop is lifted by the owner's link; when the year's guesses are spent
    the next one has grown back after at most 1/25 of a year, and the owner who will not wait
    sets a new password, which begins the budget anew and shuts out whoever knew the old one.
    """
    state, now = CLEAR, T0
    for _ in range(1000):
        if throttle.blocked(state, now):
            if state.stopped:
                state = throttle.after_success(state, now)
            end = throttle.blocked_until(state)
            if end is not None and end > now:
                assert end - now <= max(throttle.GROWS_BACK, throttle.FIRST_LOCK * 2**5)
                now = end
            assert not throttle.blocked(state, now)
        state = throttle.after_failure(state, now, budget=True)
    assert not throttle.blocked(CLEAR, now), "after a new password"


def test_an_owner_who_mistypes_now_and_then_never_notices() -> None:
    """One wrong code a fortnight, for ever."""
    state, now = CLEAR, T0
    for _ in range(200):
        assert not throttle.blocked(state, now)
        state = throttle.after_failure(state, now, budget=True)
        state = throttle.after_success(state, now)
        now += timedelta(days=15)


def test_the_budget_at_its_edges() -> None:
    """The twenty-sixth guess waits for the first to grow back, to the instant."""
    state = CLEAR
    for _ in range(throttle.BUDGET):
        assert not throttle.blocked(state, T0)
        state = throttle.after_success(throttle.after_failure(state, T0, budget=True), T0)
    edge = T0 + throttle.GROWS_BACK
    assert throttle.blocked(state, edge - timedelta(microseconds=1))
    assert not throttle.blocked(state, edge)
    assert throttle.after_success(state, T0 + throttle.YEAR) == CLEAR


def test_quiet_years_save_nothing_up() -> None:
    """After one failure long ago there is room for 25 at once, not for more."""
    state, now = throttle.after_failure(CLEAR, T0, budget=True), T0 + 5 * throttle.YEAR
    looked = 0
    while not throttle.blocked(state, now):
        # Kept as it is: a success would make the store forget it.
        state, looked = throttle.after_failure(state, now, budget=True), looked + 1
        state = Throttle(spent_until=state.spent_until)
    assert looked == throttle.BUDGET


class Recovery:
    """Somebody who asks for code after code, as often as that is possible, and guesses each.

    They know the password, or read the mail: without that nobody sees the page. For SMS they
    spend all that a number and an owner get in a day.
    """

    def __init__(self, purpose: CodePurpose) -> None:
        self.key = CodeKey(purpose, "alice", "+40712345678")
        self.by_sms = purpose is not CodePurpose.EMAIL
        self.sent: list[datetime] = []
        self.code: SentCode | None = None
        self.year, self.compared = CLEAR, 0

    def ask(self, now: datetime) -> None:
        """One more code, if it may go out."""
        if not codes.due(self.code, now):
            return
        try:
            codes.admit_code(self.year, now)
            if self.by_sms:
                codes.admit_sms(self.sent, timedelta(seconds=codes.SMS_GAP_S), now)
        except errors.RateLimited:
            return
        self.sent = [*self.sent[-codes.SMS_PER_DAY :], now]
        digest = codes.seal(self.key, b"", RIGHT)
        self.code = SentCode(self.key, b"", digest, now, 0, used=False)

    def guess(self, now: datetime) -> Verdict:
        """One wrong guess, as the store counts it."""
        verdict = codes.judge(self.code, Code("000000"), self.year, now)
        if verdict is Verdict.WRONG:
            assert self.code is not None
            tries = self.code.tries + 1
            self.code = SentCode(self.key, b"", self.code.digest, self.code.sent_at, tries, False)
            self.year, self.compared = throttle.after_spending(self.year, now), self.compared + 1
        return verdict


RIGHT = Code("123456")


@pytest.mark.parametrize("purpose", codes.BUDGETED)
def test_a_year_of_guesses_at_codes_by_sms_and_mail(purpose: CodePurpose) -> None:
    """Every half hour a code, three guesses each and one too many: below 1e-4 in any year."""
    guesser, now, window = Recovery(purpose), T0, deque[datetime]()
    while now < T0 + 3 * throttle.YEAR:
        guesser.ask(now)
        for _ in range(codes.TRIES + 1):
            if guesser.guess(now) is Verdict.WRONG:
                window.append(now)
        while window and now - window[0] >= throttle.YEAR:
            window.popleft()
        assert chance(len(window), 10**-codes.DIGITS) <= WANTED
        now += codes.RESEND_AFTER
    assert guesser.compared > throttle.BUDGET, "the budget grows back"


@pytest.mark.parametrize("a_day", [codes.SMS_PER_DAY, int(codes.DAY / codes.RESEND_AFTER)])
def test_tries_and_pauses_alone_would_not_do(a_day: int) -> None:
    """Why sent codes have a budget too: five SMS a day, or forty-eight mails."""
    assert chance(a_day * codes.TRIES * 365, 10**-codes.DIGITS) > 50 * WANTED


def test_the_owner_still_gets_a_code() -> None:
    """When the year's guesses are spent: no code for at most 1/25 of a year, then it counts.

    Whoever will not wait sets a new password, whose codes have a budget of their own.
    """
    guesser, now = Recovery(CodePurpose.PAIRING), T0
    while not throttle.blocked(guesser.year, now):
        guesser.ask(now)
        guesser.guess(now)
        now += codes.RESEND_AFTER
    end = throttle.blocked_until(guesser.year)
    assert end is not None
    assert end - now <= throttle.GROWS_BACK
    guesser.ask(end)
    assert codes.judge(guesser.code, RIGHT, guesser.year, end) is Verdict.RIGHT
    assert CodePurpose.PASSWORD not in codes.BEHIND_LOGIN


def test_an_account_has_no_code_without_a_budget() -> None:
    """A new purpose is budgeted, or has to say why not."""
    assert set(CodePurpose) - set(codes.BUDGETED) == {CodePurpose.REGISTRATION}
