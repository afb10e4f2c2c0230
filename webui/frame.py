"""What stands around every page: the site's facts, and what a request adds to them.

Values only; the base templates ``narrow.html`` and ``shell.html`` show them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo
from typing import Final
from zoneinfo import ZoneInfo

ROMANIA: Final = ZoneInfo("Europe/Bucharest")


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Facts of a deployment. One for all pages of a room."""

    host: str
    """Host as the address bar shows it, with its port if it has one; the site's mark is drawn
    from the name alone."""
    operator: str
    """Who runs the service, for the foot."""
    home: str = "/"
    """Where the brand word links to."""
    help: str
    """Address of the help page. The foot has it on every page (WCAG 2.2 3.2.6)."""
    privacy: str
    practice: str
    """Address of the certification practice statement."""
    verify: str
    """Address of the public verify page."""
    zone: tzinfo = ROMANIA
    """Zone in which pages write times."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Facts of a request. Give one to every render, as ``frame``."""

    address: str
    """Path and query of this page, for the language links."""
    person: str | None = None
    """Name of the signed-in person, shown by the shell."""
    nonce: str = ""
    """Of the Content-Security-Policy; the script's tag carries it."""
    failed: bool = False
    """A submit failed: the title begins with *Error:* (ui 3.3)."""
    sign_out: str = "/logout"
    """Where the *Sign out* form posts to."""
    csrf: str = ""
    """Token of the *Sign out* form; needed when ``person`` is given."""
