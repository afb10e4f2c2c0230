"""Codes by SMS that approve a signature, beside a PIN. (CSC v1 11.8, v2 11.8; ADR 9)

A signer process draws them and judges them; here is when one may be sent, and which one is worth
judging. Other codes by SMS (``policies.codes``) approve nothing. (security-and-pki 5.1, 5.7)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from policies import access, codes, errors, factors, throttle
from policies.throttle import Throttle
from policies.values import AccountId, Credential, Factor, StampedCode

LIFE: Final = timedelta(minutes=10)
"""ASVS 6.5.5: the most for out-of-band; as long as the codes of J1.2."""
TRIES: Final = codes.TRIES
"""Wrong guesses after which the code is dead; they are counted in the credential's throttle too,
which has the year's budget (``throttle.BUDGET``)."""


@dataclass(frozen=True, slots=True)
class SigningCode:
    """A code of the store."""

    stamped: StampedCode
    sent_at: datetime
    tries: int
    """Wrong guesses so far."""
    used: bool


@dataclass(frozen=True, slots=True)
class SendFacts:
    """What the store knows before a code is drawn."""

    credential: Credential | None
    throttle: Throttle
    """Wrong guesses at codes by SMS of this credential."""
    latest: SigningCode | None
    to_number: Sequence[datetime]
    """When SMS went to the owner's number lately, of whatever kind."""
    for_owner: Sequence[datetime]
    """When SMS went out for the owner lately."""


def alive(code: SigningCode | None, now: datetime) -> bool:
    """True while the code can be right."""
    if code is None or code.used or code.tries >= TRIES:
        return False
    return now < code.stamped.expires_at


def usable(latest: SigningCode | None, now: datetime) -> StampedCode:
    """What the signer process is to judge a guess by: only ever the code that went out last.

    Raises:
        OtpGone: None was sent, or it is over, used, or out of tries.
    """
    if latest is None or not alive(latest, now):
        raise errors.OtpGone("no code to compare with")
    return latest.stamped


def sendable(
    facts: SendFacts, account_id: AccountId, phone: str | None, gap: timedelta, now: datetime
) -> bool:
    """Is a code to be drawn and sent? False: the one before is good and just went out.

    Args:
        phone: The owner's number; ``None``: there is none.
        gap: Least time between two SMS to one number.

    Raises:
        CredentialUnknown, CredentialDisabled, CertificateExpired: See ``policies.access``.
        OtpNotSent: The credential takes no codes by SMS, or nobody can get one.
        OtpLocked: Too many wrong codes.
        RateLimited: Too many SMS.
    """
    credential = access.usable(access.owned(facts.credential, account_id), now)
    if Factor.SMS not in credential.factors or not factors.sound(credential.factors):
        raise errors.OtpNotSent(credential.credential_id)
    if phone is None:
        raise errors.OtpNotSent("no phone number")
    if throttle.blocked(facts.throttle, now):
        raise errors.OtpLocked(credential.credential_id)
    if not due(facts.latest, gap, now):
        return False
    codes.admit_sms(facts.to_number, gap, now)
    codes.admit_sms(facts.for_owner, timedelta(), now)
    return True


def due(latest: SigningCode | None, gap: timedelta, now: datetime) -> bool:
    """False while the latest code is good and younger than ``gap``: asking twice sends once."""
    return latest is None or not alive(latest, now) or now >= latest.sent_at + gap
