"""Mails and SMS that wait are sent: claim, render, hand over, record. (providers 3, 4)

The claim is durable before anything is handed over. A process that dies in between leaves a lease
that runs out: a mail is then sent again under the same Message-ID, an SMS is given up as unknown
and never sent twice. Looks for work often, so that a code is on its way well within a second,
whichever process wrote it. What an outcome means is ``policies.delivery``.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from csc_server.ports import Clock, Entropy, StorageUnavailable
from csc_server.ports.messages import (
    Attempt,
    Leased,
    MailSender,
    Messages,
    NewMessage,
    Renderer,
    SmsSender,
)
from policies import delivery
from policies.delivery import Outcome
from policies.messages import Channel
from policies.sms import TextUnsendable

POLL_S: Final = 0.2
"""Seconds between two looks for work; a look that finds none is one indexed read."""
STORE_PAUSE_S: Final = 2.0
"""Seconds until the next look when the store did not answer."""
AT_ONCE: Final = 8
"""Messages of one channel that a process sends at a time, so that a slow relay holds up few."""
DRAIN_S: Final = 8.0
"""Seconds that messages being handed over get at a stop."""

Send = Callable[[NewMessage], Awaitable[Attempt]]

_LEVEL: Final = {
    Outcome.ACCEPTED: logging.INFO,
    Outcome.TRANSIENT: logging.WARNING,
    Outcome.REFUSED: logging.WARNING,
    Outcome.UNKNOWN: logging.WARNING,
    # An operator has to do something.
    Outcome.MISCONFIGURED: logging.ERROR,
}
_log = structlog.get_logger("csc_server")


def by_mail(renderer: Renderer, sender: MailSender) -> Send:
    """Render and hand over one mail."""

    async def send(message: NewMessage) -> Attempt:
        return await sender.send(message, renderer.mail(message))

    return send


def by_sms(renderer: Renderer, sender: SmsSender) -> Send:
    """Render and hand over one SMS."""

    async def send(message: NewMessage) -> Attempt:
        try:
            words = renderer.sms(message)
        except TextUnsendable as reason:
            return Attempt(Outcome.REFUSED, str(reason))
        return await sender.send(message, words)

    return send


class DeliverMessages:
    """One channel in one process."""

    def __init__(
        self, *, channel: Channel, messages: Messages, send: Send, clock: Clock, entropy: Entropy
    ) -> None:
        self._channel, self._messages, self._send = channel, messages, send
        self._clock, self._entropy = clock, entropy
        self._under_way: set[asyncio.Task[None]] = set()
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Deliver until ``stop``; then finish what is being handed over, and return."""
        pause_s = 0.0
        while not await self._stopped_within(pause_s):
            try:
                await self()
                pause_s = POLL_S
            except StorageUnavailable as reason:
                _log.warning("messages_not_claimed", channel=self._channel, reason=str(reason))
                pause_s = STORE_PAUSE_S
        await self._drain()

    def stop(self) -> None:
        """Claim no more."""
        self._stopping.set()

    async def __call__(self) -> None:
        """One look for work: start to send what is due, as far as there is room.

        Raises:
            StorageUnavailable: The store does not answer.
        """
        room = AT_ONCE - len(self._under_way)
        if room == 0:
            return
        lease_id = self._entropy.identifier()
        claim = await self._messages.claim(self._channel, lease_id, self._clock.now(), room)
        for lost in claim.given_up:
            _log.warning(
                "message_given_up",
                message_id=lost.message_id,
                kind=lost.kind.word,
                state=lost.state,
            )
        for leased in claim.to_send:
            task = asyncio.create_task(self._deliver(leased))
            self._under_way.add(task)
            task.add_done_callback(self._done)

    async def settled(self) -> None:
        """Return when nothing is being handed over."""
        while self._under_way:
            await asyncio.wait(self._under_way)

    async def _drain(self) -> None:
        """Give what is being handed over a moment, then leave it to its lease."""
        if self._under_way:
            _, late = await asyncio.wait(self._under_way, timeout=DRAIN_S)
            for task in late:
                task.cancel()
            await self.settled()

    async def _stopped_within(self, pause_s: float) -> bool:
        try:
            async with asyncio.timeout(pause_s):
                await self._stopping.wait()
        except TimeoutError:
            return False
        return True

    async def _deliver(self, leased: Leased) -> None:
        message = leased.message
        attempt = await self._send(message)
        now = self._clock.now()
        then = delivery.after(
            message.kind,
            attempt.outcome,
            leased.attempts,
            now,
            message.expires_at,
            self._jitter(),
        )
        kept = await self._messages.record(leased, attempt, then, now)
        # Never the recipient, never the facts.
        _log.log(
            _LEVEL[attempt.outcome],
            "message",
            message_id=message.message_id,
            kind=message.kind.word,
            outcome=attempt.outcome,
            reason=attempt.reason,
            attempts=leased.attempts,
            state=then.state,
            lease_lost=not kept,
        )

    def _jitter(self) -> float:
        """Uniform in [-1, 1)."""
        return int(self._entropy.identifier()[:8], 16) / 2**31 - 1

    def _done(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            # The lease runs out by itself. A traceback could show the message.
            _log.error("message_lost_its_sender", reason=type(error).__name__)
