"""Passwords tried at many accounts from one place, and at all of them from everywhere.

Whoever tries one likely password at each of ten thousand accounts never meets the lock of an
account. What gives that away is the number of accounts that a place fails at and never gets into,
beside those it gets into: an office behind one address mistypes too, but its people get in.
(security-and-pki 5.1)

Nobody's account is locked by this: a place is refused for a while, and while the whole service is
tried each place may fail less often.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from policies import pacing, registration
from policies.pacing import Limit, Pace, Paced

WINDOW: Final = timedelta(hours=1)
"""How long a name is remembered of a place, and how long a place is refused."""
MOST_NAMES: Final = 20
"""Accounts that a place may fail at within the window: as many an hour, where the pace of failed
logins alone (10 a minute) would give 600."""
OF_ALL_WINDOW: Final = 10 * pacing.MINUTE
"""Over which the failed logins of all places are averaged: shorter peaks are mornings."""
OF_ALL_PER_MINUTE: Final = 60
"""More than that is no morning any more; a service with more people sets it higher."""
UNDER_ATTACK: Final = 1
"""Failed logins per minute and place, while all places together fail too often."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What one place did within the window."""

    failed: int
    """Names that it failed at and never got into."""
    opened: int
    """Names that it got into."""


@dataclass(frozen=True, slots=True)
class FailedLogins:
    """How the logins of the whole service are, for whoever watches it."""

    names: int
    """Pairs of a place and a name that it failed at and never got into, within the window."""
    places: int
    """Places with more of them than they may have."""


@dataclass(frozen=True, slots=True)
class LoginRules:
    """What an instance decides about failed logins."""

    failures: Limit = pacing.FAILED_LOGINS
    """Of one place."""
    most_names: int = MOST_NAMES
    of_all_per_minute: int = OF_ALL_PER_MINUTE

    def of_all(self) -> Pace:
        """The budget of all places together."""
        most = self.of_all_per_minute * (OF_ALL_WINDOW // pacing.MINUTE)
        return Limit(Paced.FAILED_LOGIN_OF_ALL, most, OF_ALL_WINDOW).of("")

    def of_place(self, place: str, *, under_attack: bool) -> Pace:
        """The budget of one place."""
        if not under_attack:
            return self.failures.of(place)
        # The window stays: what is kept of a bucket means the same under both limits.
        most = min(UNDER_ATTACK, self.failures.most)
        return Limit(self.failures.what, most, self.failures.window).of(place)


def sprayed(seen: Seen, most_names: int) -> bool:
    """True when a place tries names that are not its own."""
    return seen.failed > most_names and seen.failed > seen.opened


def refused_until(now: datetime) -> datetime:
    """For how long a place that was found out is refused."""
    return now + WINDOW


def told() -> Pace:
    """How often it is said that the whole service is being tried: once in its window."""
    return Limit(Paced.FLOOD_TOLD, 1, OF_ALL_WINDOW).of("")


def place_digest(place: str) -> bytes:
    """Under which a place is remembered: no address stands in the store."""
    return _digest("place", place)


def name_digest(name: str) -> bytes:
    """Under which a name that was typed is remembered, in whatever case it was."""
    return _digest("name", registration.mail_key(name))


def _digest(what: str, text: str) -> bytes:
    whole = f"paraph/spray/1\0{what}\0{text}"
    return hashlib.sha256(whole.encode("utf-8", "surrogatepass")).digest()
