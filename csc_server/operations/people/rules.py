"""What an instance decides about people, handed to the operations as one value."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from urllib.parse import urlsplit

from policies import (
    addresses,
    pacing,
    passwords,
    phones,
    privacy,
    second_factor,
    totp,
)
from policies.pacing import Limit, Pace
from policies.sms_budget import SmsLimits
from policies.spray import LoginRules


@dataclass(frozen=True, slots=True)
class PeopleRules:
    """Settings of an instance; the defaults are those of the journeys."""

    brand: str
    base_url: str
    """Public URL without a trailing slash; links in mails begin with it."""
    prefixes: tuple[str, ...] = phones.DEFAULT_PREFIXES
    mandatory_from: date = second_factor.MANDATORY_FROM
    cooling_off: timedelta = totp.COOLING_OFF
    sms: SmsLimits = field(default_factory=SmsLimits)
    privacy_version: str = privacy.VERSION
    logins: LoginRules = field(default_factory=LoginRules)
    registrations: Limit = pacing.REGISTRATIONS
    """Requests to register from one address."""

    def registrations_of(self, source: str) -> Pace:
        """Where the requests to register of a caller are counted."""
        return self.registrations.of(addresses.household(source))

    @property
    def context(self) -> frozenset[str]:
        """Words of the service that no password may consist of."""
        return passwords.context_words([self.brand, urlsplit(self.base_url).hostname or ""])
