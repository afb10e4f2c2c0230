"""What a page remembers of a code that went out: where to, until when, when the next may go.

Kept in the session, so that a reload and a change of language show the same. No code is in it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from csc_server.operations.people.letters import CodeSent
from csc_server.web.pages.page import Visit
from policies import errors


@dataclass(frozen=True, slots=True)
class Sent:
    """A code under way, as its page shows it."""

    destination: str
    """Partly masked."""
    expires_at: datetime
    resend_at: datetime
    now: datetime
    fresh: bool
    """It went out at the last press; False: that press was too early."""

    @property
    def left_s(self) -> int:
        """Seconds until it stops working."""
        return max(int((self.expires_at - self.now).total_seconds()), 0)

    @property
    def resend_in_s(self) -> int:
        """Seconds until a new one may be asked for."""
        return max(int((self.resend_at - self.now).total_seconds()), 0)


def unsent(reason: errors.RateLimited) -> dict[str, Any]:
    """Problems and status of a page from which no code went out."""
    if isinstance(reason, errors.SmsBudgetSpent):
        return {"problems": {"send": "spent"}, "status": 503}
    return {"problems": {"send": "too_often"}, "status": 429}


async def keep(visit: Visit, name: str, sent: CodeSent) -> None:
    """Afterwards the session remembers the code under this name."""
    await visit.keep(
        **{
            name: json.dumps(
                [
                    sent.destination,
                    sent.expires_at.isoformat(),
                    sent.resend_at.isoformat(),
                    sent.fresh,
                ]
            )
        }
    )


def kept(visit: Visit, name: str) -> Sent | None:
    """What the session remembers; ``None`` when no code went out."""
    if name not in visit.data:
        return None
    destination, expires_at, resend_at, fresh = json.loads(visit.data[name])
    return Sent(
        # A number is never broken between lines.
        destination.replace(" ", "\u00a0"),
        datetime.fromisoformat(expires_at),
        datetime.fromisoformat(resend_at),
        visit.services.clock.now(),
        fresh,
    )
