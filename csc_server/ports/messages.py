"""Mails and SMS: what is to be sent, kept as rows written with their cause.

A store that changes something for a person takes the messages about it and writes them in the
same transaction; ``csc_server.operations.messages`` delivers them later, with leases.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from policies.messages import Language, MessageKind
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
    """After it the message is not sent any more."""
