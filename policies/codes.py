"""Codes sent by SMS or mail: how long they live, how often they go out, what a guess is worth.

A code is bound to its purpose, its owner and the address it went to, and is good once. It
confirms an address or lets somebody begin to pair; it never authorises a signature (those that do
are ``policies.signing_codes``). (journeys J1.2, J1.4, J4.2, J5; security-and-pki 5.1, 5.7)
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from policies import errors, throttle
from policies.secret import Code
from policies.throttle import Throttle

DIGITS: Final = 6
"""J1.2; security-and-pki 5.1: at least 20 bits."""
TRIES: Final = 3
"""security-and-pki 5.1: wrong guesses after which the code is dead."""
RESEND_AFTER: Final = timedelta(minutes=30)
"""J1.2, J5: no second message earlier than this after the one before."""
SMS_PER_DAY: Final = 5
"""security-and-pki 5.7: SMS to one number, and SMS for one owner, within 24 hours."""
DAY: Final = timedelta(days=1)
SMS_GAP_S: Final = 60
"""security-and-pki 5.7: seconds between two SMS to one number, whatever they are for."""
EMAIL_PROOF: Final = timedelta(minutes=45)
"""How long a confirmed mail address lets the owner go on to the new number: long enough for a
second SMS (J5)."""
_LONGEST: Final = 16
"""Characters of a guess that are looked at; spaces between digits are dropped (ui 3.4)."""


class CodePurpose(StrEnum):
    """What a code is for."""

    REGISTRATION = "registration"
    """J1.2: the phone number of a new account."""
    PAIRING = "pairing"
    """J1.4, J6: before a QR code is shown."""
    PASSWORD = "password"  # noqa: S105 - a word
    """J4.2: before a new password is set."""
    EMAIL = "email"
    """J5: the mail address, before the phone number changes."""
    NEW_PHONE = "new_phone"
    """J5: the new phone number."""


BEHIND_LOGIN: Final = (CodePurpose.PAIRING, CodePurpose.EMAIL, CodePurpose.NEW_PHONE)
"""Whoever guesses these knows the password: a new one shuts them out."""
BUDGETED: Final = (*BEHIND_LOGIN, CodePurpose.PASSWORD)
"""Three tries a code are not enough where a code may be had every half hour: 52,560 guesses a year
by mail, 5,475 by SMS. So wrong ones have the year's budget (``throttle.BUDGET``) for each purpose
of an account. A registration has no account yet, and no second chance."""

LIFE: Final = {
    CodePurpose.REGISTRATION: timedelta(minutes=10),  # J1.2
    CodePurpose.PAIRING: timedelta(minutes=10),  # J1.4
    CodePurpose.PASSWORD: timedelta(minutes=10),  # J4.2
    CodePurpose.EMAIL: timedelta(minutes=5),  # J5
    CodePurpose.NEW_PHONE: timedelta(minutes=5),  # J5
}


@dataclass(frozen=True, slots=True)
class CodeKey:
    """What a code is bound to."""

    purpose: CodePurpose
    owner: str
    """Identifier of the account, or of the registration."""
    destination: str
    """Mail address, or phone number in E.164."""


@dataclass(frozen=True, slots=True)
class SentCode:
    """A code of the store."""

    key: CodeKey
    salt: bytes
    digest: bytes
    """``seal`` of the code."""
    sent_at: datetime
    tries: int
    """Wrong guesses so far."""
    used: bool

    @property
    def expires_at(self) -> datetime:
        """First instant at which the code is no longer good."""
        return self.sent_at + LIFE[self.key.purpose]

    @property
    def resend_at(self) -> datetime:
        """First instant at which a further code may go out."""
        return self.sent_at + RESEND_AFTER


class Verdict(StrEnum):
    """What a guess is worth."""

    RIGHT = "right"
    WRONG = "wrong"
    DEAD = "dead"
    """No code, or it is over, used, or out of tries, or the year's guesses are spent: the guess is
    not even compared."""


def seal(key: CodeKey, salt: bytes, code: Code) -> bytes:
    """What the store keeps of a code: SHA-256 over salt, binding and code, 32 bytes.

    A million codes are soon tried, so the digest hides nothing from whoever reads the table; it
    keeps the code out of backups and logs, and ties it to its purpose.
    """
    text = "\0".join((key.purpose, key.owner, key.destination, code.value))
    return hashlib.sha256(salt + text.encode()).digest()


def new_code(random: bytes) -> Code:
    """A code of six digits from 16 random bytes, each of the million as likely as any other."""
    return Code(f"{int.from_bytes(random, 'big') % 10**DIGITS:0{DIGITS}d}")


def typed(text: str) -> Code:
    """What a person typed, without spaces."""
    return Code("".join(text[:_LONGEST].split()))


def judge(sent: SentCode | None, guess: Code, year: Throttle, now: datetime) -> Verdict:
    """What the guess is worth at ``now``; the caller counts a wrong one.

    Args:
        year: What is spent of the budget of this purpose.
    """
    if sent is None or sent.used or sent.tries >= TRIES or now >= sent.expires_at:
        return Verdict.DEAD
    if throttle.blocked(year, now):
        return Verdict.DEAD
    digest = seal(sent.key, sent.salt, guess)
    return Verdict.RIGHT if hmac.compare_digest(digest, sent.digest) else Verdict.WRONG


def demand(verdict: Verdict, tries_left: int) -> None:
    """Return when the guess was right.

    Raises:
        CodeWrong: It was not; the number of tries that are left.
        CodeExpired: There was nothing to compare it with.
    """
    if verdict is Verdict.WRONG:
        raise errors.CodeWrong(tries_left)
    if verdict is Verdict.DEAD:
        raise errors.CodeExpired("no code to compare with")


def due(latest: SentCode | None, now: datetime) -> bool:
    """True when a code may go out; False while the latest one of the same key is too young."""
    return latest is None or now >= latest.resend_at


def admit_code(year: Throttle, now: datetime) -> None:
    """Let a code go out that may be guessed at.

    Raises:
        RateLimited: The year's guesses are spent: nobody could use it.
    """
    if throttle.blocked(year, now):
        raise errors.RateLimited("wrong guesses of a year")


def admit_sms(sent: Sequence[datetime], gap: timedelta, now: datetime) -> None:
    """Let one more SMS go to a number, or to the numbers of an owner.

    Args:
        sent: When SMS went to it, any order; older ones than a day do not matter.
        gap: Least time since the last one.

    Raises:
        RateLimited: Too many within a day, or one too shortly before.
    """
    lately = [at for at in sent if now - at < DAY]
    if len(lately) >= SMS_PER_DAY:
        raise errors.RateLimited(f"{SMS_PER_DAY} SMS a day")
    if lately and now - max(lately) < gap:
        raise errors.RateLimited(f"one SMS in {gap.total_seconds():.0f} s")
