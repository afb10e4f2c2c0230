"""The 2FA notice with its three deferrals. (journeys J1.3; ui 5.2)"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from aiohttp import web

from csc_server.web.pages import after
from csc_server.web.pages.onward import HOME
from csc_server.web.pages.page import Visit
from policies import errors, second_factor
from policies.second_factor import Deferral


async def show(visit: Visit) -> web.StreamResponse:
    """Why, from when, and the choice."""
    return _page(visit)


async def submit(visit: Visit) -> web.StreamResponse:
    """One of the deferrals."""
    chosen, day = visit.form.text("deferral"), visit.form.text("remind_on")
    try:
        deferral = Deferral(chosen)
        await visit.services.people.defer_second_factor(
            visit.call, visit.account_id, deferral, _day(day) if day else None
        )
    except ValueError:
        return _page(visit, {"deferral": "missing"}, chosen=chosen, day=day)
    except errors.FormInvalid as invalid:
        return _page(visit, invalid.problems, chosen=chosen, day=day)
    except errors.SecondFactorMandatory:
        return _page(visit, {"deferral": "mandatory"})
    return await after.onward(visit, after.NOTICE, HOME)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as reason:
        raise errors.FormInvalid({"remind_on": "missing"}) from reason


def _page(visit: Visit, problems: dict[str, str] | None = None, **typed: Any) -> web.Response:
    rules = visit.services.people.rules
    now = visit.services.clock.now()
    return visit.render(
        "two_factor.html",
        status=422 if problems else 200,
        failed=bool(problems),
        problems=problems or {},
        deadline=rules.mandatory_from,
        may_defer=not second_factor.mandatory(now, rules.mandatory_from),
        chosen=typed.get("chosen", "until"),
        day=typed.get("day", ""),
        tomorrow=now.date() + timedelta(days=1),
    )
