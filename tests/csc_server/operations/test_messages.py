"""Delivery over a real store: each outcome, a store that fails, a stop, many at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from structlog.testing import capture_logs

from csc_server.adapters.entropy import SystemEntropy
from csc_server.adapters.mail import letter
from csc_server.adapters.messages.renderer import WordsRenderer
from csc_server.adapters.outbox import OutboxMail, OutboxSms
from csc_server.operations import messages as operation
from csc_server.operations.messages import AT_ONCE, DeliverMessages, by_mail, by_sms
from csc_server.ports import StorageUnavailable
from csc_server.ports.messages import Attempt, Claim, Leased, NewMessage
from csc_server.storage import Storage
from policies import delivery
from policies.delivery import Next, Outcome
from policies.messages import Channel, Language, MessageKind
from tests.build import HOUR, SECOND, T0
from tests.contracts import stores

RENDERER = WordsRenderer("Paraph", "sign.example")
LINK = "https://sign.example/register/link-canary"
ACCEPTED = Attempt(Outcome.ACCEPTED, "250")


@dataclass
class Clock:
    """A clock that the test turns."""

    at: datetime = T0

    def now(self) -> datetime:
        return self.at


@dataclass
class Sender:
    """Answers as told, then takes everything."""

    attempts: list[Attempt | Exception] = field(default_factory=list)
    seen: list[NewMessage] = field(default_factory=list)
    hold: asyncio.Event | None = None
    """Answers when it is set."""
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    most_at_once: int = 0
    _now: int = 0

    async def __call__(self, message: NewMessage) -> Attempt:
        self.seen.append(message)
        self.asked.set()
        self._now += 1
        self.most_at_once = max(self.most_at_once, self._now)
        try:
            if self.hold is not None:
                await self.hold.wait()
            attempt = self.attempts.pop(0) if self.attempts else ACCEPTED
        finally:
            self._now -= 1
        if isinstance(attempt, Exception):
            raise attempt
        return attempt


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Storage]:
    """An empty store."""
    async with stores.opened(await stores.empty_url("sqlite", tmp_path), tmp_path) as opened:
        yield opened


@pytest.fixture
def clock() -> Clock:
    """At T0."""
    return Clock()


@pytest.fixture
def deliver(store: Storage, clock: Clock) -> Callable[..., DeliverMessages]:
    """Makes the operation over the store."""

    def make(send: operation.Send, channel: Channel = Channel.MAIL) -> DeliverMessages:
        return DeliverMessages(
            channel=channel,
            messages=store.messages,
            send=send,
            clock=clock,
            entropy=SystemEntropy(),
        )

    return make


def mail(name: str, **changes: Any) -> NewMessage:
    """An invitation that lives an hour."""
    values: dict[str, Any] = {
        "kind": MessageKind.INVITATION,
        "recipient": "ana-canary@example.org",
        "language": Language.EN,
        "facts": {"name": "Ana", "link": LINK},
        "account_id": None,
        "created_at": T0,
        "expires_at": T0 + HOUR,
    }
    return NewMessage(message_id=name, **{**values, **changes})


def code(name: str) -> NewMessage:
    """A code by SMS that lives ten minutes."""
    facts, end = {"code": "482913"}, T0 + 600 * SECOND
    return mail(
        name, kind=MessageKind.PHONE_CODE, recipient="+40721234567", facts=facts, expires_at=end
    )


async def insert(store: Storage, *new: NewMessage) -> None:
    """As stores do it."""
    await store.database.write(lambda sql: stores.insert_messages(sql, new))


async def look(deliver: DeliverMessages) -> None:
    """One look for work, and its end."""
    await deliver()
    await deliver.settled()


async def test_a_mail_goes_out_once(
    store: Storage, deliver: Callable[..., DeliverMessages]
) -> None:
    """And is not looked at again."""
    sender = Sender()
    await insert(store, mail("one"))
    for _ in range(3):
        await look(deliver(sender))
    assert sender.seen == [mail("one")]


async def test_a_mail_is_tried_until_it_is_taken(
    store: Storage, clock: Clock, deliver: Callable[..., DeliverMessages]
) -> None:
    """Not before the pause is over, whatever the reason; then again."""
    reasons = (Outcome.TRANSIENT, Outcome.MISCONFIGURED, Outcome.UNKNOWN)
    sender = Sender([Attempt(outcome) for outcome in reasons])
    await insert(store, mail("one", expires_at=T0 + 24 * HOUR))
    for attempts, pause in enumerate(delivery.PAUSES[Channel.MAIL][:3], 1):
        await look(deliver(sender))
        assert len(sender.seen) == attempts
        clock.at += pause * 0.79
        await look(deliver(sender))
        assert len(sender.seen) == attempts
        clock.at += pause * 0.42
    await look(deliver(sender))
    assert len(sender.seen) == 4
    clock.at += HOUR
    await look(deliver(sender))
    assert len(sender.seen) == 4


@pytest.mark.parametrize("outcome", [Outcome.REFUSED, Outcome.UNKNOWN, Outcome.MISCONFIGURED])
async def test_a_code_that_may_have_gone_out_is_not_sent_again(
    store: Storage, clock: Clock, deliver: Callable[..., DeliverMessages], outcome: Outcome
) -> None:
    """Neither soon nor later."""
    sender = Sender([Attempt(outcome)])
    await insert(store, code("one"))
    for _ in range(8):
        await look(deliver(sender, Channel.SMS))
        clock.at += 60 * SECOND
    assert len(sender.seen) == 1


async def test_a_throttled_code_is_tried_while_it_lives(
    store: Storage, clock: Clock, deliver: Callable[..., DeliverMessages]
) -> None:
    """And not longer."""
    sender = Sender([Attempt(Outcome.TRANSIENT, "429") for _ in range(100)])
    await insert(store, code("one"))
    while clock.at < T0 + HOUR:
        await look(deliver(sender, Channel.SMS))
        clock.at += 10 * SECOND
    # 1, 2, 4, 8 s and then half minutes, for ten minutes.
    assert 15 < len(sender.seen) < 30


async def test_a_sender_that_dies_leaves_a_lease(
    store: Storage, clock: Clock, deliver: Callable[..., DeliverMessages]
) -> None:
    """The mail goes out again when it is over, the code does not; the log does not tell what."""
    with capture_logs() as logs:
        for channel, message, again in (
            (Channel.MAIL, mail("letter"), 1),
            (Channel.SMS, code("code"), 0),
        ):
            sender = Sender([RuntimeError(LINK)])
            await insert(store, message)
            await look(deliver(sender, channel))
            await look(deliver(sender, channel))
            assert len(sender.seen) == 1
            clock.at += delivery.LEASE[channel]
            await look(deliver(sender, channel))
            assert len(sender.seen) == 1 + again
    assert [one["reason"] for one in logs if one["log_level"] == "error"] == ["RuntimeError"] * 2
    assert "canary" not in repr(logs)


async def test_no_more_at_once_than_there_is_room(
    store: Storage, deliver: Callable[..., DeliverMessages]
) -> None:
    """A relay that hangs holds up so many and no more; the rest stays free for others."""
    sender = Sender(hold=asyncio.Event())
    assert sender.hold is not None
    await insert(store, *(mail(str(n)) for n in range(AT_ONCE + 3)))
    slow = deliver(sender)
    for _ in range(3):
        await slow()
        await asyncio.sleep(0)
    assert len(sender.seen) == AT_ONCE
    other = Sender()
    await look(deliver(other))
    assert len(other.seen) == 3
    sender.hold.set()
    await slow.settled()
    assert sender.most_at_once == AT_ONCE


async def test_what_came_too_late_is_said(
    store: Storage, clock: Clock, deliver: Callable[..., DeliverMessages]
) -> None:
    """Expired messages are settled, with their number and nothing of theirs."""
    await insert(store, mail("late"), code("lost"))
    await store.messages.claim(Channel.SMS, "of a dead process", T0, 1)
    clock.at += HOUR
    with capture_logs() as logs:
        for channel in Channel:
            await look(deliver(Sender(), channel))
    assert [(one["event"], one["message_id"], one["state"]) for one in logs] == [
        ("message_given_up", "late", "expired"),
        ("message_given_up", "lost", "unknown"),
    ]


async def test_the_log_says_how_it_went(
    store: Storage, deliver: Callable[..., DeliverMessages]
) -> None:
    """Level by outcome; never recipient, name, link or code."""
    outcomes = [*Outcome]
    await insert(store, *(mail(outcome) for outcome in outcomes))
    sender = Sender([Attempt(outcome, "reason") for outcome in outcomes])
    with capture_logs() as logs:
        await look(deliver(sender))
    assert [one["log_level"] for one in logs] == ["info", "warning", "warning", "error", "warning"]
    assert all(one["reason"] == "reason" for one in logs)
    assert "canary" not in repr(logs)


async def test_a_text_that_cannot_be_sent_is_given_up(
    store: Storage, deliver: Callable[..., DeliverMessages]
) -> None:
    """No gateway hears of it, nothing is tried again."""
    long = WordsRenderer("x" * 200, "sign.example")
    await insert(store, code("one"))
    with capture_logs() as logs:
        sms = by_sms(long, OutboxSms(store.outbox, Clock()))
        await look(deliver(sms, Channel.SMS))
    assert [(one["outcome"], one["state"]) for one in logs] == [("refused", "failed")]
    assert await store.outbox.latest(1) == []


async def test_the_outbox_shows_what_a_person_would_see(
    store: Storage, clock: Clock, deliver: Callable[..., DeliverMessages]
) -> None:
    """Mail and SMS, rendered; an address that no relay would take is refused here too."""
    from_us = letter.address("no-reply@paraph.example", "Paraph")
    await insert(store, mail("letter"), mail("odd", recipient="nobody"))
    await look(deliver(by_mail(RENDERER, OutboxMail(store.outbox, clock, from_us))))
    clock.at += SECOND
    await insert(store, code("code"))
    await look(deliver(by_sms(RENDERER, OutboxSms(store.outbox, clock)), Channel.SMS))
    sms, letter_ = [orjson.loads(kept.content) for kept in await store.outbox.latest(9)]
    assert sms == {
        "channel": "sms",
        "kind": "phone_code",
        "to": "+40721234567",
        "language": "en",
        "text": RENDERER.sms(code("code")).text,
    }
    assert letter_["from"] == "Paraph <no-reply@paraph.example>"
    assert letter_["subject"] == "Create your Paraph account"
    assert LINK in letter_["text"]
    assert LINK in letter_["html"]


@dataclass
class Failing:
    """A store that answers every second time."""

    store: Storage
    calls: int = 0

    async def claim(self, channel: Channel, lease_id: str, now: datetime, limit: int) -> Claim:
        self.calls += 1
        if self.calls % 2:
            raise StorageUnavailable("restarting")
        return await self.store.messages.claim(channel, lease_id, now, limit)

    async def record(self, leased: Leased, attempt: Attempt, then: Next, now: datetime) -> bool:
        return await self.store.messages.record(leased, attempt, then, now)


async def test_running_until_stopped(store: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that fails now and then stops nothing; at a stop what is under way is finished."""
    monkeypatch.setattr(operation, "POLL_S", 0.001)
    monkeypatch.setattr(operation, "STORE_PAUSE_S", 0.001)
    sender = Sender(hold=asyncio.Event())
    assert sender.hold is not None
    deliver = DeliverMessages(
        channel=Channel.MAIL,
        messages=Failing(store),
        send=sender,
        clock=Clock(),
        entropy=SystemEntropy(),
    )
    running = asyncio.create_task(deliver.run())
    await insert(store, mail("one"))
    async with asyncio.timeout(10):
        await sender.asked.wait()
        deliver.stop()
        await asyncio.sleep(0)
        await insert(store, mail("two"))
        sender.hold.set()
        await running
    assert [one.message_id for one in sender.seen] == ["one"]
    left = await store.messages.claim(Channel.MAIL, "after", T0 + HOUR / 2, 9)
    assert [one.message.message_id for one in left.to_send] == ["two"]


async def test_a_stop_does_not_wait_for_ever(
    store: Storage, monkeypatch: pytest.MonkeyPatch, deliver: Callable[..., DeliverMessages]
) -> None:
    """A relay that hangs is left to the lease."""
    monkeypatch.setattr(operation, "DRAIN_S", 0.01)
    sender = Sender(hold=asyncio.Event())
    await insert(store, mail("one"))
    hanging = deliver(sender)
    running = asyncio.create_task(hanging.run())
    async with asyncio.timeout(10):
        await sender.asked.wait()
        hanging.stop()
        await running
    end = T0 + delivery.LEASE[Channel.MAIL]
    [leased] = (await store.messages.claim(Channel.MAIL, "after", end, 9)).to_send
    assert leased.attempts == 2
