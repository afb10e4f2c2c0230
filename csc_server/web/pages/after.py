"""What stands between a login and the page that was wanted: notices and questions, in order.

The session holds what is still to do and where the person wanted to go.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from aiohttp import web

from csc_server.web.pages.page import Visit

NOTICE: Final = "/two-factor"
"""J1.3."""
PRIVACY: Final = "/privacy/read"
"""J1.6."""
PHONE: Final = "/phone"
"""J1.9."""
_ORDER: Final = (NOTICE, PRIVACY, PHONE)
_TO_DO: Final = "to_do"
_NEXT: Final = "next"


def plan(stops: set[str], wanted: str) -> Mapping[str, str]:
    """Session data: these stops, then the wanted page."""
    return {_TO_DO: " ".join(stop for stop in _ORDER if stop in stops), _NEXT: wanted}


def wanted(visit: Visit, default: str) -> str:
    """Where the person wanted to go."""
    return visit.data.get(_NEXT, default)


async def onward(visit: Visit, done: str | None, default: str) -> web.Response:
    """To the next stop after ``done``; when none is left, to the wanted page.

    Call it from a POST only: it changes the session.
    """
    left = [stop for stop in visit.data.get(_TO_DO, "").split() if stop != done]
    if left:
        await visit.keep(**{_TO_DO: " ".join(left)})
        return visit.go(left[0])
    goal = wanted(visit, default)
    await visit.keep(**{_TO_DO: None, _NEXT: None})
    return visit.go(goal)
