"""Browser sessions: every limit, the second before, at, and after it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from policies import errors, sessions
from policies.sessions import End, Session, SessionId, Stage
from tests.build import ALICE, SECOND, T0

SIGNED_IN = Session(
    session_id=SessionId("one"),
    digest=b"d" * 32,
    stage=Stage.SIGNED_IN,
    account_id=ALICE.account_id,
    opened_at=T0,
    seen_at=T0,
    ends_at=T0 + sessions.ABSOLUTE,
    proved_at=T0,
    source="192.0.2.1",
    device="Firefox",
)
ANONYMOUS = replace(SIGNED_IN, stage=Stage.ANONYMOUS, account_id=None, proved_at=None)


def test_the_numbers_are_those_of_the_source() -> None:
    """security-and-pki 5.3: idle 15 min, absolute 12 h, step-up at most 5 min."""
    assert timedelta(minutes=15) == sessions.IDLE
    assert timedelta(hours=12) == sessions.ABSOLUTE
    assert timedelta(minutes=5) >= sessions.STEP_UP
    assert {sessions.life(stage) for stage in Stage} <= {
        sessions.ABSOLUTE,
        sessions.ANONYMOUS,
        sessions.CODE_AWAITED,
        sessions.PAIRING,
    }
    assert sessions.TOUCH_EVERY < sessions.IDLE


@pytest.mark.parametrize(
    ("session", "now", "reason"),
    [
        (None, T0, errors.SessionMissing),
        (SIGNED_IN, T0, None),
        (SIGNED_IN, T0 + sessions.IDLE - SECOND, None),
        (SIGNED_IN, T0 + sessions.IDLE, errors.SessionIdle),
        (replace(SIGNED_IN, seen_at=T0 + sessions.ABSOLUTE), T0 + sessions.ABSOLUTE, "idle"),
        (
            replace(SIGNED_IN, seen_at=T0 + sessions.ABSOLUTE),
            T0 + sessions.ABSOLUTE - SECOND,
            None,
        ),
        # Drafts wait for a mail; the person did nothing meanwhile.
        (ANONYMOUS, T0 + sessions.IDLE, None),
        (replace(ANONYMOUS, ends_at=T0 + SECOND), T0, None),
        (replace(ANONYMOUS, ends_at=T0 + SECOND), T0 + SECOND, errors.SessionIdle),
        (replace(SIGNED_IN, end=End.SECURITY), T0, errors.SessionEndedForSecurity),
        (replace(SIGNED_IN, end=End.ENDED_ELSEWHERE), T0, errors.SessionEndedForSecurity),
        # Whoever signed out knows it: no banner.
        (replace(SIGNED_IN, end=End.SIGNED_OUT), T0, errors.SessionMissing),
    ],
)
def test_which_sessions_count(
    session: Session | None, now: datetime, reason: type[errors.SessionMissing] | str | None
) -> None:
    """Each reason is exactly the one that the login page tells."""
    if reason is None:
        assert sessions.living(session, now) is session
        return
    with pytest.raises(errors.SessionMissing) as caught:
        sessions.living(session, now)
    assert caught.type is (errors.SessionIdle if reason == "idle" else reason)


@pytest.mark.parametrize("stage", list(Stage))
def test_who_is_signed_in(stage: Stage) -> None:
    """Only the last stage counts: a right password alone opens nothing."""
    session = replace(SIGNED_IN, stage=stage)
    if stage is Stage.SIGNED_IN:
        assert sessions.signed_in(session) == ALICE.account_id
        return
    with pytest.raises(errors.SessionMissing):
        sessions.signed_in(session)


def test_nobody_is_signed_in_without_a_session() -> None:
    """Nor without an account."""
    for session in (None, replace(SIGNED_IN, account_id=None)):
        with pytest.raises(errors.SessionMissing):
            sessions.signed_in(session)


@pytest.mark.parametrize(
    ("proved_at", "now", "fresh"),
    [
        (None, T0, False),
        (T0, T0 + sessions.STEP_UP - SECOND, True),
        (T0, T0 + sessions.STEP_UP, False),
        (T0, T0 + sessions.STEP_UP + SECOND, False),
    ],
)
def test_how_long_a_proof_is_fresh(proved_at: datetime | None, now: datetime, fresh: bool) -> None:
    """Up to the limit, not at it."""
    session = replace(SIGNED_IN, proved_at=proved_at)
    assert sessions.stepped_up(session, now) is fresh


def test_a_use_is_written_once_a_minute() -> None:
    """Not before, then at once."""
    assert not sessions.to_touch(SIGNED_IN, T0 + sessions.TOUCH_EVERY - SECOND)
    assert sessions.to_touch(SIGNED_IN, T0 + sessions.TOUCH_EVERY)
