"""A fresh proof before a factor is changed. (security-and-pki 5.3: at most five minutes old)

Whoever has an authenticator types a code; before replacing that very authenticator, and for
everybody else, it is the password.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

from aiohttp import web

from csc_server.ports.people import Person
from csc_server.web.pages.login import known
from csc_server.web.pages.onward import inward
from csc_server.web.pages.page import Visit
from csc_server.web.pages.refusals import Refusal, refusal
from policies import codes, errors, sessions
from policies.second_factor import PairingState
from policies.secret import Otp
from policies.sessions import Stage

PATH: Final = "/confirm"
_LOST: Final = "/authenticator"
"""Who lost the authenticator cannot show its code (J6)."""


def needed(visit: Visit) -> bool:
    """True when the person has to prove a factor first."""
    session = visit.session
    if session is None or session.stage is not Stage.SIGNED_IN:
        return False
    return not sessions.stepped_up(session, visit.services.clock.now())


def first(visit: Visit, goal: str) -> web.Response:
    """To the proof, and from there to ``goal``."""
    return visit.go(f"{PATH}?{urlencode({'next': goal})}")


async def show(visit: Visit) -> web.StreamResponse:
    """The question for password or code."""
    return await _page(visit, inward(visit.request.query.get("next", ""), known()))


async def submit(visit: Visit) -> web.StreamResponse:
    """Right: the session goes on under a new cookie, with a fresh proof."""
    goal, owner = inward(visit.form.text("next"), known()), visit.account_id
    person = await visit.services.people.show_person(owner)
    try:
        if _by_code(person, goal):
            otp = Otp(codes.typed(visit.form.text("code")).value)
            await visit.services.people.check_login_code(visit.call, owner, otp)
        else:
            await _demand_password(visit, person)
    except (errors.OtpWrong, errors.OtpLocked) as wrong:
        return await _page(visit, goal, refused=refusal(wrong))
    except errors.LoginFailed:
        return await _page(visit, goal, mismatch=True)
    assert visit.session is not None  # noqa: S101 - somebody is signed in
    await visit.advance(Stage.SIGNED_IN, owner, visit.session.data)
    return visit.go(goal)


async def _demand_password(visit: Visit, person: Person) -> None:
    account = person.account
    found = await visit.services.people.sign_in(
        visit.call, account.username, visit.form.password("password")
    )
    if found.account_id != account.account_id:
        raise errors.LoginFailed("another account's name")


def _by_code(person: Person, goal: str) -> bool:
    return person.pairing is PairingState.ACTIVE and not goal.startswith(_LOST)


async def _page(
    visit: Visit, goal: str, *, refused: Refusal | None = None, mismatch: bool = False
) -> web.Response:
    person = await visit.services.people.show_person(visit.account_id)
    return visit.render(
        "confirm.html",
        status=422 if refused or mismatch else 200,
        failed=bool(refused or mismatch),
        refusal=refused,
        problems={"password": "wrong"} if mismatch else {},
        by_code=_by_code(person, goal),
        goal=goal,
    )
