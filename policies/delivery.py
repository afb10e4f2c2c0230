"""When a message is sent, sent again, or given up. (providers 3.1, 3.4, 4)

A mail that may or may not have arrived is sent again under the same Message-ID: a second copy is
harmless. A code that may or may not have arrived is never sent again: the person asks for a new
one, and the old one dies. Chance is handed in.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from policies.messages import Channel, MessageKind


class MessageState(StrEnum):
    """Where a message stands."""

    WAITING = "waiting"
    """To be sent when its time has come."""
    SENDING = "sending"
    """Somebody holds a lease on it and may have handed it over already."""
    SENT = "sent"
    """The relay or the gateway took it. That is not yet: delivered."""
    FAILED = "failed"
    """Refused for good."""
    UNKNOWN = "unknown"
    """May have been handed over, and must not be sent twice."""
    EXPIRED = "expired"
    """Its time was over before anybody took it."""


OPEN: Final = (MessageState.WAITING, MessageState.SENDING)
"""States that are not final."""


class Outcome(StrEnum):
    """What became of one attempt to hand a message over."""

    ACCEPTED = "accepted"
    TRANSIENT = "transient"
    """Certainly not taken; may be tried again."""
    REFUSED = "refused"
    """Certainly not taken, and never will be: this recipient, this text."""
    MISCONFIGURED = "misconfigured"
    """Certainly not taken, because of us: wrong password, no TLS, wrong certificate."""
    UNKNOWN = "unknown"
    """May have been taken: the connection broke after it was handed over."""


_SECOND: Final = timedelta(seconds=1)
_MINUTE: Final = timedelta(minutes=1)
_HOUR: Final = timedelta(hours=1)

PAUSES: Final = {
    # providers 4; greylisting wants at least five minutes, which the third pause gives.
    Channel.MAIL: (30 * _SECOND, 2 * _MINUTE, 10 * _MINUTE, 30 * _MINUTE, 2 * _HOUR, 6 * _HOUR),
    # providers 3.4 says 1, 2, 4, 8 s; from then on slower, for as long as the code lives.
    Channel.SMS: (_SECOND, 2 * _SECOND, 4 * _SECOND, 8 * _SECOND, 30 * _SECOND),
}
"""Pause after the first, second, … attempt; the last one repeats until the message expires."""
JITTER: Final = 0.2
"""providers 4: each pause is up to 20 % shorter or longer."""

SEND_LIMIT: Final = {Channel.MAIL: timedelta(seconds=90), Channel.SMS: timedelta(seconds=20)}
"""Longest that one attempt may take (providers 4: 90 s around the mail client's own limits)."""
LEASE: Final = {channel: limit + 30 * _SECOND for channel, limit in SEND_LIMIT.items()}
"""How long nobody else touches a message that is being sent: longer than an attempt takes, so
that a lease that ran out means a process that died."""

MAIL_LIFE: Final = timedelta(hours=24)
"""providers 4: how long a mail without a code or a link is worth sending."""

REPEATABLE: Final = frozenset(
    kind
    for kind in MessageKind
    # providers 4: duplicates are acceptable for mail, not for a code by mail.
    if kind.channel is Channel.MAIL and kind is not MessageKind.EMAIL_CODE
)
"""Kinds that are sent again when nobody knows whether they arrived."""


@dataclass(frozen=True, slots=True)
class Next:
    """What the store has to remember after an attempt."""

    state: MessageState
    at: datetime | None = None
    """When to try again; set exactly when the message waits."""


def after(
    kind: MessageKind,
    outcome: Outcome,
    attempts: int,
    now: datetime,
    expires_at: datetime,
    jitter: float,
) -> Next:
    """What follows from an outcome.

    Args:
        attempts: Attempts made so far, this one included; at least 1.
        jitter: Uniformly random in [-1, 1].
    """
    match outcome:
        case Outcome.ACCEPTED:
            return Next(MessageState.SENT)
        case Outcome.REFUSED:
            return Next(MessageState.FAILED)
        case Outcome.UNKNOWN if kind not in REPEATABLE:
            return Next(MessageState.UNKNOWN)
        case Outcome.MISCONFIGURED if kind.channel is Channel.SMS:
            # providers 3.4: 401 and 403 are final; insisting gets the account blocked.
            return Next(MessageState.FAILED)
    at = now + pause(kind.channel, attempts, jitter)
    if at >= expires_at:
        return Next(MessageState.EXPIRED)
    return Next(MessageState.WAITING, at)


def pause(channel: Channel, attempts: int, jitter: float) -> timedelta:
    """How long to wait after so many attempts (at least 1), with ``jitter`` in [-1, 1]."""
    pauses = PAUSES[channel]
    return pauses[min(attempts, len(pauses)) - 1] * (1 + JITTER * jitter)


def on_claim(
    kind: MessageKind, state: MessageState, now: datetime, expires_at: datetime
) -> MessageState:
    """What becomes of an open message whose time has come, before anybody sends it.

    A message found in ``sending`` had a lease that ran out: its sender died.
    """
    if state is MessageState.SENDING and kind not in REPEATABLE:
        return MessageState.UNKNOWN
    if now >= expires_at:
        return MessageState.EXPIRED
    return MessageState.SENDING
