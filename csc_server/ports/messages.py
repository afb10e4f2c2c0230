"""Mails and SMS: what is to be sent, kept as rows written with their cause.

A store that changes something for a person takes the messages about it and writes them in the
same transaction; ``csc_server.operations.messages`` delivers them later, with leases.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from policies.messages import FACTS, Language, MessageKind
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
    facts: Mapping[str, str]
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
