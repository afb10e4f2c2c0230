"""The embedded default for mail and SMS: what is sent stays here, to be looked at. No real person
ever gets anything, so ``csc_server.config`` refuses it in production; its use is logged.
"""

from __future__ import annotations

from email.headerregistry import Address
from typing import Any

import orjson
import structlog

from csc_server.adapters.mail import letter
from csc_server.ports import Clock
from csc_server.ports.messages import Attempt, Kept, MailText, NewMessage, Outbox, SmsText
from policies.delivery import Outcome

_log = structlog.get_logger("csc_server")


def warn(*channels: str) -> None:
    """Say that these channels end here."""
    _log.warning("outbox_in_use", channels=list(channels))


class OutboxMail:
    """The port ``MailSender``: keeps mails."""

    def __init__(self, outbox: Outbox, clock: Clock, sender: Address) -> None:
        self._outbox, self._clock, self._sender = outbox, clock, sender

    async def send(self, message: NewMessage, words: MailText) -> Attempt:
        """Keep it, unless a relay would have refused it."""
        try:
            letter.letter(message, words, self._sender)
        except letter.AddressUnusable as reason:
            return Attempt(Outcome.REFUSED, str(reason))
        content = {
            "from": str(self._sender),
            "subject": words.subject,
            "text": words.text,
            "html": words.html,
        }
        await self._outbox.keep(_kept(message, self._clock, content))
        return Attempt(Outcome.ACCEPTED, "outbox")


class OutboxSms:
    """The port ``SmsSender``: keeps SMS."""

    def __init__(self, outbox: Outbox, clock: Clock) -> None:
        self._outbox, self._clock = outbox, clock

    async def send(self, message: NewMessage, words: SmsText) -> Attempt:
        """Keep it."""
        await self._outbox.keep(_kept(message, self._clock, {"text": words.text}))
        return Attempt(Outcome.ACCEPTED, "outbox")


def _kept(message: NewMessage, clock: Clock, content: dict[str, Any]) -> Kept:
    whole = {
        "channel": message.kind.channel.value,
        "kind": message.kind.word,
        "to": message.recipient,
        "language": message.language.value,
        **content,
    }
    return Kept(message.message_id, clock.now(), orjson.dumps(whole))
