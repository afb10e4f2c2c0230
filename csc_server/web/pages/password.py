"""A password that was forgotten: mail with a link, SMS code, new password. (journeys J4.2)"""

from __future__ import annotations

from typing import Any, Final

from aiohttp import web

from csc_server.web.pages import sent
from csc_server.web.pages.page import Visit
from csc_server.web.pages.register import dead_link
from policies import codes, errors, registration
from policies.passwords import SHORTEST_ALONE

_SENT: Final = "password_sent"


async def show(visit: Visit) -> web.StreamResponse:
    """Which address?"""
    return visit.render("forgotten.html", problems={}, email=visit.remembered_address)


async def submit(visit: Visit) -> web.StreamResponse:
    """A mail is on its way, if the address has an account; the answer does not tell."""
    email = visit.form.text("email")
    problem = registration.mail_problem(email)
    if problem is not None:
        return visit.render(
            "forgotten.html", status=422, failed=True, problems={"email": problem}, email=email
        )
    await visit.services.people.forgotten_password(visit.call, email)
    return visit.go("/password/sent")


async def show_sent(visit: Visit) -> web.StreamResponse:
    """The one answer to all."""
    return visit.render("mail_sent.html", kind="password")


async def show_link(visit: Visit) -> web.StreamResponse:
    """The page behind the link. Whether the link lives is said when it is used."""
    return _page(visit)


async def submit_link(visit: Visit) -> web.StreamResponse:
    """*Send code*, or code and new password."""
    form, people = visit.form, visit.services.people
    try:
        if form.text("do") != "set":
            await sent.keep(visit, _SENT, await people.send_password_code(visit.call, visit.link))
            return visit.go(visit.here)
        await people.set_new_password(
            visit.call,
            visit.link,
            codes.typed(form.text("code")),
            form.password("password"),
            form.password("repeated"),
        )
    except errors.LinkInvalid:
        return dead_link(visit, "password")
    except errors.FormInvalid as invalid:
        return _page(visit, invalid.problems)
    except errors.PasswordRefused as refused:
        return _page(visit, {"password": refused.reason})
    except errors.CodeWrong as wrong:
        return _page(visit, {"code": wrong.tries_left or "dead"})
    except errors.CodeExpired:
        return _page(visit, {"code": "dead"})
    except errors.RateLimited as reason:
        return _page(visit, **sent.unsent(reason))
    await visit.sign_out()
    return visit.go("/login?password=1")


def _page(
    visit: Visit, problems: dict[str, Any] | None = None, *, status: int = 422
) -> web.Response:
    return visit.render(
        "new_password.html",
        status=status if problems else 200,
        failed=bool(problems),
        problems=problems or {},
        sent=sent.kept(visit, _SENT),
        action=visit.here,
        minimum=SHORTEST_ALONE,
    )
