"""Status: when it is due, old or stale, which requests are let in, what caches may keep."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies import status
from policies.revocation import Reason, Revocation
from policies.status import (
    CACHE_MARGIN,
    CRL_EVERY,
    CRL_GATHER,
    CRL_VALIDITY,
    END_OF_TIME,
    HEAD_START,
    MOST_QUESTIONS,
    OCSP_VALIDITY,
    ROUND_EVERY,
    Age,
    Failure,
    Standing,
    StatusRefused,
)

T0 = datetime(2026, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
HELD = Revocation(T0, Reason.CERTIFICATE_HOLD)


def test_only_what_was_issued_is_good() -> None:
    """A serial that nobody issued is unknown, whatever else is said of it."""
    assert status.standing(issued=True, revocation=None) is Standing.GOOD
    assert status.standing(issued=True, revocation=HELD) == HELD
    assert status.standing(issued=False, revocation=None) is Standing.UNKNOWN
    assert status.standing(issued=False, revocation=HELD) is Standing.UNKNOWN


def test_windows_hold_whole_seconds() -> None:
    """A CRL lives a day, an answer half a day, the last CRL for ever."""
    now = T0 + timedelta(microseconds=999_999)
    assert status.crl_window(now) == status.Window(T0, T0 + CRL_VALIDITY)
    assert status.ocsp_window(now) == status.Window(T0, T0 + OCSP_VALIDITY)
    assert status.crl_window(now, last=True).next_update == END_OF_TIME


@pytest.mark.parametrize(
    ("after", "servable"),
    [
        (-SECOND, False),
        (0 * SECOND, True),
        (OCSP_VALIDITY - SECOND, True),
        (OCSP_VALIDITY, False),
        (OCSP_VALIDITY + SECOND, False),
    ],
)
def test_nothing_is_served_past_its_end(after: timedelta, servable: bool) -> None:
    """Neither before thisUpdate nor at nextUpdate or later."""
    assert status.servable(status.ocsp_window(T0), T0 + after) is servable


@pytest.mark.parametrize(
    ("after", "due", "age"),
    [
        (-SECOND, True, Age.STALE),
        (0 * SECOND, False, Age.YOUNG),
        (OCSP_VALIDITY / 2 - HEAD_START - SECOND, False, Age.YOUNG),
        (OCSP_VALIDITY / 2 - HEAD_START, True, Age.YOUNG),
        (OCSP_VALIDITY / 2 - SECOND, True, Age.YOUNG),
        (OCSP_VALIDITY / 2, True, Age.LATE),
        (OCSP_VALIDITY * 2 / 3 - SECOND, True, Age.LATE),
        (OCSP_VALIDITY * 2 / 3, True, Age.STALE),
        (OCSP_VALIDITY, True, Age.STALE),
    ],
)
def test_answers_are_made_anew_before_they_are_old(after: timedelta, due: bool, age: Age) -> None:
    """Before half their life is over; then it is late, at two thirds somebody has to come.

    A clock set back means both.
    """
    window = status.ocsp_window(T0)
    assert status.ocsp_due(window, T0 + after) is due
    assert status.age(window, T0 + after) is age
    assert status.stale(window, T0 + after) is (age is Age.STALE)


def test_a_round_and_its_pause_fit_into_the_head_start() -> None:
    """Two rounds of ten minutes and the pause between them: none gets older than half its life."""
    assert ROUND_EVERY + 2 * timedelta(minutes=10) <= HEAD_START


@pytest.mark.parametrize(("left", "kept"), [(SECOND, True), (0 * SECOND, False), (-SECOND, False)])
def test_answers_are_made_in_advance_until_the_certificate_expires(
    left: timedelta, kept: bool
) -> None:
    """There are ever more of the others, and hardly anybody asks for them."""
    assert status.kept_ready(T0 + left, T0) is kept


def test_what_is_shown_has_whole_seconds() -> None:
    """A revocation as lists and answers have it; the rest as it is."""
    precise = Revocation(T0 + timedelta(microseconds=1), Reason.SUPERSEDED)
    assert status.shown(precise) == Revocation(T0, Reason.SUPERSEDED)
    assert status.shown(Standing.UNKNOWN) is Standing.UNKNOWN


@pytest.mark.parametrize(
    ("age", "unlisted", "due"),
    [
        (CRL_EVERY - SECOND, None, False),
        (CRL_EVERY, None, True),
        (-SECOND, None, True),
        (2 * CRL_GATHER, CRL_GATHER - SECOND, False),
        (2 * CRL_GATHER, CRL_GATHER, True),
    ],
)
def test_a_list_every_hour_and_soon_after_a_revocation(
    age: timedelta, unlisted: timedelta | None, due: bool
) -> None:
    """Revocations wait for others for half a minute; a clock set back makes a new list."""
    now = T0 + age
    since = None if unlisted is None else now - unlisted
    assert status.crl_due(status.crl_window(T0), since, now) is due


def test_the_first_list_is_due() -> None:
    """An authority without a list needs one."""
    assert status.crl_due(None, None, T0)


def test_gathering_leaves_time_to_publish() -> None:
    """Half of the minute from the decision to the list remains."""
    assert timedelta(seconds=60) >= 2 * CRL_GATHER


@given(st.integers(0, 2**62), st.integers(0, 2**32))
def test_list_numbers_grow(last: int, passed_s: int) -> None:
    """Always past the last, and past what the clock gave before a restore."""
    now = T0 + timedelta(seconds=passed_s)
    assert status.crl_number(last, now) > last
    forgotten = status.crl_number(None, now)
    assert status.crl_number(None, now + SECOND) > forgotten
    assert status.crl_number(None, now, published=last) > last


@pytest.mark.parametrize(
    ("left", "renewed", "kept"),
    [
        (OCSP_VALIDITY, None, OCSP_VALIDITY - CACHE_MARGIN),
        (CACHE_MARGIN + SECOND, None, SECOND),
        (CACHE_MARGIN, None, 0 * SECOND),
        (SECOND, None, 0 * SECOND),
        (-SECOND, None, 0 * SECOND),
        (CRL_VALIDITY, CRL_EVERY, CRL_EVERY),
        (CACHE_MARGIN + SECOND, CRL_EVERY, SECOND),
    ],
)
def test_caches_let_go_in_time(left: timedelta, renewed: timedelta | None, kept: timedelta) -> None:
    """Never longer than to the margin before the end, nor than to the next renewal."""
    window = status.Window(T0 - timedelta(days=1), T0 + left)
    assert status.max_age(window, T0, renewed) == kept


@pytest.mark.parametrize("length", [1, 15, 16, 32, 33, 128, None])
def test_nonces_that_are_taken(length: int | None) -> None:
    """RFC 9654 2.1: 1 to 128 octets, or none."""
    status.admit(1, None if length is None else bytes(length))


@pytest.mark.parametrize(
    ("questions", "nonce"),
    [
        (1, b""),
        (1, bytes(129)),
        (0, None),
        (MOST_QUESTIONS + 1, None),
    ],
)
def test_requests_that_are_not_answered(questions: int, nonce: bytes | None) -> None:
    """Empty and endless nonces, no question and too many: malformed."""
    with pytest.raises(StatusRefused) as caught:
        status.admit(questions, nonce)
    assert caught.value.failure is Failure.MALFORMED_REQUEST
    status.admit(MOST_QUESTIONS, None)


@pytest.mark.parametrize(
    ("questions", "nonce", "overloaded", "serves"),
    [
        (1, None, False, True),
        (1, b"n", False, False),
        (2, None, False, False),
        (1, b"n", True, True),
        (2, b"n", True, True),
    ],
)
def test_when_an_answer_made_in_advance_will_do(
    questions: int, nonce: bytes | None, overloaded: bool, serves: bool
) -> None:
    """For a single certificate without a nonce; for everybody under overload."""
    assert status.presigned_serves(questions, nonce, overloaded=overloaded) is serves


def test_what_caches_may_keep() -> None:
    """Not what answers a nonce, and not that a certificate is unknown: it may come to be."""
    assert status.cacheable([Standing.GOOD, HELD], None)
    assert not status.cacheable([Standing.GOOD], b"n")
    assert not status.cacheable([Standing.GOOD, Standing.UNKNOWN], None)


def test_every_reason_has_its_code() -> None:
    """But *unspecified*; removeFromCRL (8) never comes out."""
    assert set(Reason) - set(status.REASON_CODES) == {Reason.UNSPECIFIED}
    assert 8 not in status.REASON_CODES.values()


def test_refusals_have_the_numbers_of_the_protocol() -> None:
    """OCSPResponseStatus (RFC 6960 4.2.1)."""
    assert {one.name: one.value for one in Failure} == {
        "MALFORMED_REQUEST": 1,
        "INTERNAL_ERROR": 2,
        "TRY_LATER": 3,
        "UNAUTHORIZED": 6,
    }
