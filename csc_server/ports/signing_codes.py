"""Codes by SMS that approve a signature: kept by what the HSM knows them by, never in the open.

As in ``csc_server.ports``: each change is one durable transaction with its audit events. What a
guess at one is worth is judged by the HSM; that a code is good once, by ``Authorizations.issue``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from csc_server.ports.messages import NewMessage
from policies.audit import Event
from policies.signing_codes import SendFacts
from policies.sms_budget import SmsLimits
from policies.values import AccountId, CredentialId, StampedCode


@dataclass(frozen=True, slots=True)
class NewSigningCode:
    """A code to be sent."""

    stamped: StampedCode
    account_id: AccountId
    credential_id: CredentialId
    destination: str
    """Phone number in E.164."""
    sent_at: datetime


class SigningCodes(Protocol):
    """Codes on their way to phones."""

    async def facts(
        self, credential_id: CredentialId, phone: str | None, now: datetime
    ) -> SendFacts:
        """What ``policies.signing_codes.sendable`` asks about, in one read."""

    async def send(
        self, new: NewSigningCode, message: NewMessage, limits: SmsLimits, events: Sequence[Event]
    ) -> int | None:
        """Afterwards this code is the one that counts, and the SMS will go out.

        Returns:
            SMS of the whole service within a day, this one included. ``None``, and nothing
            changed: another request was faster, and its code is still young
            (``policies.signing_codes.due``).

        Raises:
            OtpLocked, RateLimited: See ``policies.signing_codes.sendable``; judged again inside the
                transaction, together with every other SMS of this number and owner.
            SmsBudgetSpent: Too many of the whole service (``sms_budget.admit``).
        """
