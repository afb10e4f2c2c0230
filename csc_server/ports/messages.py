"""Mails and SMS: what is to be sent, kept as rows written with their cause.

A store that changes something for a person takes the messages about it and writes them in the
same transaction; ``csc_server.operations.messages`` delivers them later, with leases.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from policies.delivery import MessageState, Next, Outcome
from policies.messages import FACTS, Channel, Language, MessageKind
from policies.values import AccountId


@dataclass(frozen=True, slots=True)
class NewMessage:
    """One mail or SMS to be sent."""

    message_id: str
    """128 random bits, hexadecimal: the key that makes delivery idempotent."""
    kind: MessageKind
    recipient: str
    """Mail address, or phone number in E.164."""
    language: Language
    facts: Mapping[str, str] = field(repr=False)
    """What the words need (names, codes, links). May hold secrets: dropped after delivery."""
    account_id: AccountId | None
    created_at: datetime
    expires_at: datetime
    """After it the message is not sent any more: the end of its code or link, which the words
    tell as a time since ``created_at``; without either, ``policies.delivery.MAIL_LIFE`` later."""

    def __post_init__(self) -> None:
        if self.facts.keys() != FACTS[self.kind]:
            # The names only: the values may be secret.
            raise ValueError(f"{self.kind.word} needs the facts {sorted(FACTS[self.kind])}")


@dataclass(frozen=True, slots=True)
class Leased:
    """A message that this process, and no other, sends now."""

    message: NewMessage
    lease_id: str
    attempts: int
    """Attempts made, the one about to be made included; at least 1."""


@dataclass(frozen=True, slots=True)
class GivenUp:
    """A message whose time was over, or whose sender died."""

    message_id: str
    kind: MessageKind
    state: MessageState


@dataclass(frozen=True, slots=True)
class Claim:
    """What a look for work has changed."""

    to_send: tuple[Leased, ...] = ()
    given_up: tuple[GivenUp, ...] = ()


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of handing one message over."""

    outcome: Outcome
    reason: str = ""
    """For the operator: a status, a class of error. Never a part of the message."""
    reference: str | None = None
    """What the relay or the gateway calls the message."""


class Messages(Protocol):
    """Messages on their way."""

    async def claim(self, channel: Channel, lease_id: str, now: datetime, limit: int) -> Claim:
        """Lease at most ``limit`` messages whose time has come, durably, before they are sent.

        Nobody else gets them until ``delivery.LEASE`` is over. Messages that must not be sent
        any more (``delivery.on_claim``) are settled on the way.
        """

    async def record(self, leased: Leased, attempt: Attempt, then: Next, now: datetime) -> bool:
        """Afterwards the message is as ``then`` says; its facts are gone when that is final.

        False, and nothing changed, when the lease ran out and somebody else took over.
        """


class SmsCount(Protocol):
    """How much of the day's budget is spent."""

    async def sms_lately(self, now: datetime) -> int:
        """SMS of the whole service within ``sms_budget.WINDOW``, sent or to be sent."""


@dataclass(frozen=True, slots=True)
class MailText:
    """A mail's words."""

    subject: str
    """At most 60 characters, no secret in it."""
    text: str = field(repr=False)
    html: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SmsText:
    """An SMS's words."""

    text: str = field(repr=False)
    """GSM-7, at most ``policies.sms.MAX_SEGMENTS`` segments."""


class Renderer(Protocol):
    """From kind and facts to words."""

    def mail(self, message: NewMessage) -> MailText:
        """Text and HTML in the message's language."""

    def sms(self, message: NewMessage) -> SmsText:
        """Text in the message's language."""


class MailSender(Protocol):
    """Hands mails over."""

    async def send(self, message: NewMessage, words: MailText) -> Attempt:
        """Try once. Raises nothing that has to do with the other side."""


class SmsSender(Protocol):
    """Hands SMS over."""

    async def send(self, message: NewMessage, words: SmsText) -> Attempt:
        """Try once. Raises nothing that has to do with the other side."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What the embedded outbox delivered."""

    message_id: str
    sent_at: datetime
    content: bytes = field(repr=False)
    """JSON (``csc_server.adapters.outbox``)."""


class Outbox(Protocol):
    """Memory of the embedded outbox. Development only."""

    async def keep(self, kept: Kept) -> None:
        """Afterwards it can be read; a second delivery of the same message replaces the first."""

    async def latest(self, limit: int) -> list[Kept]:
        """The newest first."""
