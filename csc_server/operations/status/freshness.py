"""How old the oldest statement about status is, and that somebody hears of it in time.

What goes wrong shows here first: a process that is up says nothing about answers that it does not
renew. (security-and-pki 0, 7.2 row 22)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

import structlog

from csc_server.ports import Clock
from policies import status
from policies.status import Age, Window

ANSWERS: Final = "ocsp"
LIST: Final = "crl"
LOOK_EVERY_S: Final = 30.0

_log = structlog.get_logger("csc_server.status")


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """Watches answers made in advance and the revocation list."""

    sources: Mapping[str, Callable[[], Window | None]]
    """By name: the oldest statement's window; ``None``: there is none yet."""
    clock: Clock
    told: dict[str, Age] = field(default_factory=dict)
    """What was logged last of each."""

    @property
    def stale(self) -> bool:
        """True when something is so old that this process counts as not working."""
        now = self.clock.now()
        windows = [window() for window in self.sources.values()]
        return any(status.stale(one, now) for one in windows if one is not None)

    def ages(self) -> dict[str, timedelta]:
        """How old each is, without those that there are none of."""
        now = self.clock.now()
        windows = {name: window() for name, window in self.sources.items()}
        return {name: now - one.this_update for name, one in windows.items() if one is not None}

    def look(self) -> None:
        """Log what has become late (a warning) or stale (an error), or is young again; once."""
        now = self.clock.now()
        for name, window in self.sources.items():
            found = window()
            if found is None:
                continue
            age, before = status.age(found, now), self.told.get(name, Age.YOUNG)
            self.told[name] = age
            if age is before:
                continue
            about = {"what": name, "since": found.this_update.isoformat(timespec="seconds")}
            if age is Age.YOUNG:
                _log.info("status_is_young_again", **about)
            elif age is Age.LATE:
                _log.warning("status_is_late", **about)
            else:
                _log.error("status_is_stale", **about)
