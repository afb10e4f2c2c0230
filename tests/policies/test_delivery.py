"""When a message is sent again, and when it is given up."""

from __future__ import annotations

from datetime import timedelta

import pytest

from policies import delivery
from policies.delivery import MessageState, Next, Outcome
from policies.messages import Channel, MessageKind
from tests.build import HOUR, SECOND, T0

DAY = 24 * HOUR
MINUTE = timedelta(minutes=1)
LINK, NOTICE, CODE_MAIL, CODE_SMS = (
    MessageKind.INVITATION,
    MessageKind.PHONE_CHANGED,
    MessageKind.EMAIL_CODE,
    MessageKind.PHONE_CODE,
)
AGAIN = Next(MessageState.WAITING, T0 + 30 * SECOND)
SOON = Next(MessageState.WAITING, T0 + SECOND)


@pytest.mark.parametrize(
    ("kind", "outcome", "then"),
    [
        (LINK, Outcome.ACCEPTED, Next(MessageState.SENT)),
        (LINK, Outcome.TRANSIENT, AGAIN),
        (LINK, Outcome.REFUSED, Next(MessageState.FAILED)),
        (LINK, Outcome.MISCONFIGURED, AGAIN),
        (LINK, Outcome.UNKNOWN, AGAIN),
        (NOTICE, Outcome.UNKNOWN, AGAIN),
        (CODE_MAIL, Outcome.TRANSIENT, AGAIN),
        (CODE_MAIL, Outcome.UNKNOWN, Next(MessageState.UNKNOWN)),
        (CODE_SMS, Outcome.ACCEPTED, Next(MessageState.SENT)),
        (CODE_SMS, Outcome.TRANSIENT, SOON),
        (CODE_SMS, Outcome.REFUSED, Next(MessageState.FAILED)),
        (CODE_SMS, Outcome.MISCONFIGURED, Next(MessageState.FAILED)),
        (CODE_SMS, Outcome.UNKNOWN, Next(MessageState.UNKNOWN)),
    ],
)
def test_what_an_outcome_means(kind: MessageKind, outcome: Outcome, then: Next) -> None:
    """A mail is tried again unless it is refused; a code is never sent twice."""
    assert delivery.after(kind, outcome, 1, T0, T0 + DAY, 0.0) == then


def test_every_pause_of_a_mail() -> None:
    """30 s, 2 m, 10 m, 30 m, 2 h, then 6 h for ever. (providers 4)"""
    pauses = [delivery.pause(Channel.MAIL, attempt, 0.0) for attempt in range(1, 9)]
    assert pauses == [
        30 * SECOND,
        2 * MINUTE,
        10 * MINUTE,
        30 * MINUTE,
        2 * HOUR,
        *[6 * HOUR] * 3,
    ]


def test_every_pause_of_an_sms() -> None:
    """1, 2, 4, 8 s, then half minutes. (providers 3.4)"""
    pauses = [delivery.pause(Channel.SMS, attempt, 0.0) for attempt in range(1, 8)]
    assert pauses == [second * SECOND for second in (1, 2, 4, 8, 30, 30, 30)]


@pytest.mark.parametrize(("jitter", "seconds"), [(-1.0, 24), (0.0, 30), (0.5, 33), (1.0, 36)])
def test_jitter_is_a_fifth(jitter: float, seconds: int) -> None:
    """Up to 20 % shorter or longer."""
    assert delivery.pause(Channel.MAIL, 1, jitter) == seconds * SECOND


@pytest.mark.parametrize(
    ("life", "state"),
    [
        (30 * SECOND - timedelta(microseconds=1), MessageState.EXPIRED),
        (30 * SECOND, MessageState.EXPIRED),
        (30 * SECOND + timedelta(microseconds=1), MessageState.WAITING),
    ],
)
def test_no_attempt_is_planned_past_the_end(life: timedelta, state: MessageState) -> None:
    """A next attempt at or after the end is no attempt: given up at once."""
    assert delivery.after(LINK, Outcome.TRANSIENT, 1, T0, T0 + life, 0.0).state is state


@pytest.mark.parametrize(
    ("kind", "state", "left", "becomes"),
    [
        (LINK, MessageState.WAITING, SECOND, MessageState.SENDING),
        (LINK, MessageState.WAITING, 0 * SECOND, MessageState.EXPIRED),
        (LINK, MessageState.SENDING, SECOND, MessageState.SENDING),
        (LINK, MessageState.SENDING, 0 * SECOND, MessageState.EXPIRED),
        (CODE_MAIL, MessageState.SENDING, SECOND, MessageState.UNKNOWN),
        (CODE_SMS, MessageState.WAITING, SECOND, MessageState.SENDING),
        (CODE_SMS, MessageState.WAITING, 0 * SECOND, MessageState.EXPIRED),
        (CODE_SMS, MessageState.SENDING, SECOND, MessageState.UNKNOWN),
        (CODE_SMS, MessageState.SENDING, 0 * SECOND, MessageState.UNKNOWN),
    ],
)
def test_what_becomes_of_a_message_that_is_due(
    kind: MessageKind, state: MessageState, left: timedelta, becomes: MessageState
) -> None:
    """Its sender died: a mail goes out again, a code does not. Over: neither does."""
    assert delivery.on_claim(kind, state, T0, T0 + left) is becomes


def test_a_lease_outlives_an_attempt() -> None:
    """Else a slow attempt and its successor would both send."""
    for channel in Channel:
        assert delivery.LEASE[channel] > delivery.SEND_LIMIT[channel]


def test_no_code_is_repeatable() -> None:
    """Whatever carries a code must not arrive twice."""
    assert not any(
        kind.channel is Channel.SMS or kind.word.endswith("code") for kind in delivery.REPEATABLE
    )
