"""Links in mails: what they open, how long, and how many go to one person. (journeys J1.1, J4.2)"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Final


class LinkPurpose(StrEnum):
    """What a link opens. Each is good once, for one subject."""

    INVITATION = "invitation"
    """J1.1: a registration."""
    PASSWORD = "password"  # noqa: S105 - a word
    """J4.2: an account whose password was forgotten."""
    UNLOCK = "unlock"
    """security-and-pki 5.1: the owner lifts a hard stop."""


LIFE: Final = {
    LinkPurpose.INVITATION: timedelta(days=1),
    # Long enough for a second SMS after half an hour (J4.2).
    LinkPurpose.PASSWORD: timedelta(hours=1),
    LinkPurpose.UNLOCK: timedelta(days=1),
}
"""The journeys name no life for links; short, because a mailbox is not a factor (ASVS 6.3.6)."""

MAILS_PER_HOUR: Final = 3
"""Links of one purpose to one address within an hour; more are asked for in vain, silently, so
that the form is no way to fill a mailbox."""
HOUR: Final = timedelta(hours=1)
KEPT: Final = timedelta(days=2)
"""How long registrations, links and codes stay: past the life of each, and past the day for which
SMS are counted. Whoever did not finish leaves nothing behind."""
