"""States and how they look: one table of state, word, colour and icon (ui 3.10)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Badge:
    """How a state is shown: never by colour alone."""

    word: str
    """English; the macro translates it."""
    kind: str
    """``ok``, ``warn``, ``danger`` or ``plain``: the wash it stands on."""
    icon: str


def _(word: str) -> str:
    """Marks a word for the catalogues; pages translate it when they show it."""
    return word


BADGES: Final = {
    "signed": Badge(_("Signed"), "ok", "check"),
    "valid": Badge(_("Valid"), "ok", "check"),
    "ends-soon": Badge(_("Ends soon"), "warn", "clock"),
    "waiting": Badge(_("Waiting"), "plain", "clock"),
    "time-not-proven": Badge(_("Time not proven"), "warn", "warning"),
    "expired": Badge(_("Expired"), "danger", "clock"),
    "revoked": Badge(_("Revoked"), "danger", "cross"),
    "suspended": Badge(_("Suspended"), "warn", "warning"),
    "refused": Badge(_("Refused"), "danger", "cross"),
    "not-signed": Badge(_("Not signed"), "danger", "cross"),
}
"""By state. A page that needs another state adds a row here."""
