"""Sign in: password, then the code of the authenticator where it is due. (journeys J1.3; ui 5.1)

Unknown address, wrong password, locked and suspended account get one answer, byte for byte
(security-and-pki 5.4): no page before the right password says that an account is locked; the mail
to its owner does.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qs, urlencode, urlsplit

from aiohttp import web

from csc_server.operations.people.sign_in import SignedIn
from csc_server.web.pages import after
from csc_server.web.pages.onward import HOME, inward
from csc_server.web.pages.page import Visit
from csc_server.web.pages.refusals import refusal
from policies import codes, errors
from policies.second_factor import LoginStep
from policies.secret import Otp
from policies.sessions import Session, Stage

CODE: Final = "/login/code"
PAIRING: Final = "/authenticator"
_NEWS: Final = ("signed_out", "created", "password", "unlocked", "phone")
"""What the login page may tell of the page before it."""
_STAGES: Final = {LoginStep.CODE: Stage.CODE_AWAITED, LoginStep.PAIR: Stage.PAIRING}


async def home(visit: Visit) -> web.StreamResponse:
    """The address without a path."""
    return visit.go(HOME)


async def show(visit: Visit) -> web.StreamResponse:
    """The form; whoever is signed in goes on at once."""
    goal = _goal(visit, visit.request.query.get("next", ""))
    if visit.signed_in and "next" in visit.request.query:
        return visit.go(goal)
    return await _form(visit, goal)


async def submit(visit: Visit) -> web.StreamResponse:
    """Mail address and password."""
    goal = _goal(visit, visit.form.text("next"))
    name, password = visit.form.text("email"), visit.form.password("password")
    try:
        found = await visit.services.people.sign_in(visit.call, name, password)
    except errors.LoginFailed:
        return await _form(visit, goal, problem="mismatch", status=422)
    except errors.RateLimited:
        return await _form(visit, goal, problem="too_often", status=429)
    visit.remember = (name if visit.form.ticked("remember") else None,)
    return await _enter(visit, found, goal)


async def show_code(visit: Visit) -> web.StreamResponse:
    """The second half of a login."""
    _half(visit)
    return visit.render("code.html", refusal=None)


async def submit_code(visit: Visit) -> web.StreamResponse:
    """The code of the authenticator."""
    session = _half(visit)
    assert session.account_id is not None  # noqa: S101 - the stage has an owner
    code = Otp(codes.typed(visit.form.text("code")).value)
    try:
        await visit.services.people.check_login_code(visit.call, session.account_id, code)
    except errors.OtpWrong as wrong:
        return visit.render("code.html", status=422, failed=True, refusal=refusal(wrong))
    except errors.OtpLocked as locked:
        return visit.render("code.html", status=422, failed=True, refusal=refusal(locked))
    except errors.AuthenticatorNotReady:
        # Its seed died by a reset that was not finished: pairing is the way in.
        await visit.advance(Stage.PAIRING, session.account_id, session.data)
        return visit.go(PAIRING)
    await visit.advance(Stage.SIGNED_IN, session.account_id, session.data)
    return await after.onward(visit, None, HOME)


async def sign_out(visit: Visit) -> web.StreamResponse:
    """Leave; ``next`` leads back to a request that waits for another account."""
    goal = visit.form.text("next")
    if goal and visit.session is not None:
        # The request that waits belongs to this session, whoever answers it.
        await visit.advance(Stage.ANONYMOUS, None, {})
        return visit.go(to_login(inward(goal, known())))
    await visit.sign_out()
    return visit.go("/login?signed_out=1")


def to_login(goal: str) -> str:
    """Address of the login page that leads to ``goal``."""
    return f"/login?{urlencode({'next': goal})}"


def known() -> frozenset[str]:
    """Paths that a login may lead to."""
    # The table imports this module; asked for when a request comes, it is complete.
    from csc_server.web.pages import table

    return table.GOALS


async def _enter(visit: Visit, found: SignedIn, goal: str) -> web.Response:
    stops = {
        stop
        for stop, wanted in (
            (after.NOTICE, found.step is LoginStep.NOTICE),
            (after.PRIVACY, found.privacy_due),
            (after.PHONE, found.proposed_phone is not None),
        )
        if wanted
    }
    stage = _STAGES.get(found.step, Stage.SIGNED_IN)
    await visit.advance(stage, found.account_id, after.plan(stops, goal))
    if stage is Stage.CODE_AWAITED:
        return visit.go(CODE)
    if stage is Stage.PAIRING:
        return visit.go(PAIRING)
    return await after.onward(visit, None, HOME)


def _half(visit: Visit) -> Session:
    session = visit.session
    if session is None or session.stage is not Stage.CODE_AWAITED:
        raise errors.SessionMissing("no password before the code")
    return session


def _goal(visit: Visit, given: str) -> str:
    return inward(given, known()) if given else after.wanted(visit, HOME)


async def _form(
    visit: Visit, goal: str, *, problem: str | None = None, status: int = 200
) -> web.Response:
    email = visit.form.text("email") or visit.remembered_address
    return visit.render(
        "login.html",
        status=status,
        failed=problem is not None,
        problem=problem,
        email=email,
        remember=bool(visit.remembered_address) or visit.form.ticked("remember"),
        goal=goal,
        waiting=await _waiting(visit, goal),
        gone=type(visit.gone).__name__ if visit.gone else None,
        news=next((word for word in _NEWS if word in visit.request.query), None),
    )


async def _waiting(visit: Visit, goal: str) -> str | None:
    """Name of the program that the login leads to."""
    verbs, parts = visit.services.authorization, urlsplit(goal)
    request_id = parse_qs(parts.query).get("request")
    if verbs is None or visit.session is None or not request_id:
        return None
    try:
        return (await verbs.peek(request_id[0], visit.session.session_id)).client_name
    except errors.AuthorizationRequestGone:
        return None
