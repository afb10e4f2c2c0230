"""The owner lifts a stop: mailed link and password. (security-and-pki 5.1)"""

from __future__ import annotations

from aiohttp import web

from csc_server.web.pages.page import Visit
from csc_server.web.pages.register import dead_link
from policies import errors


async def show(visit: Visit) -> web.StreamResponse:
    """What the link does, and the password."""
    return visit.render("unlock.html", problems={}, action=visit.here)


async def submit(visit: Visit) -> web.StreamResponse:
    """Afterwards the account may be tried again."""
    try:
        await visit.services.people.unlock(visit.call, visit.link, visit.form.password("password"))
    except errors.LinkInvalid:
        return dead_link(visit, "unlock")
    except errors.PasswordWrong:
        return visit.render(
            "unlock.html",
            status=422,
            failed=True,
            problems={"password": "wrong"},
            action=visit.here,
        )
    return visit.go("/login?unlocked=1")
