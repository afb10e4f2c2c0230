"""Settings: what protects the account, each row with its own page. (J4, J5, J6; ui 5.6)"""

from __future__ import annotations

from typing import Any, Final

from aiohttp import web

from csc_server.web.pages import browsers, own_certificates
from csc_server.web.pages.page import Visit
from policies import errors
from policies.messages import Language
from policies.passwords import SHORTEST, SHORTEST_ALONE
from policies.second_factor import PairingState
from webui import languages

PATH: Final = "/settings"
_DONE: Final = ("password", "language", "sessions", "programs")
"""What the page may tell of the step before it."""


async def show(visit: Visit) -> web.StreamResponse:
    """One row for each thing."""
    person = await visit.services.people.show_person(visit.account_id)
    opened = await visit.services.sessions.open_of(visit.account_id)
    waiting = await visit.services.approvals.waiting(visit.account_id)
    return visit.render(
        "settings.html",
        profile=person.profile,
        username=person.account.username,
        authenticator=person.authenticator,
        paired=person.pairing is PairingState.ACTIVE,
        open_sessions=len(opened),
        approvals=len(waiting),
        valid_certificates=own_certificates.valid(await own_certificates.of_person(visit)),
        done=next((word for word in _DONE if word in visit.request.query), None),
    )


async def show_password(visit: Visit) -> web.StreamResponse:
    """The three fields. (J4.1)"""
    return await _password(visit)


async def submit_password(visit: Visit) -> web.StreamResponse:
    """Afterwards only this session is left."""
    assert visit.session is not None  # noqa: S101 - somebody is signed in
    form = visit.form
    try:
        await visit.services.people.change_password(
            visit.call,
            visit.account_id,
            form.password("current"),
            form.password("password"),
            form.password("repeated"),
            keep_session=visit.session.digest,
        )
    except errors.PasswordWrong:
        return await _password(visit, {"current": "wrong"})
    except errors.PasswordRefused as refused:
        return await _password(visit, {"password": refused.reason})
    except errors.FormInvalid as invalid:
        return await _password(visit, invalid.problems)
    return visit.go(f"{PATH}?password=1")


async def show_language(visit: Visit) -> web.StreamResponse:
    """Of pages and messages."""
    return visit.render("language.html", names=languages.NAMES)


async def submit_language(visit: Visit) -> web.StreamResponse:
    """Afterwards mails and pages speak it."""
    try:
        chosen = Language(visit.form.text("language"))
    except ValueError:
        return visit.go(f"{PATH}/language")
    await visit.services.people.set_language(visit.account_id, chosen)
    return visit.go(f"{PATH}?{languages.PARAMETER}={chosen}&language=1")


async def show_sessions(visit: Visit) -> web.StreamResponse:
    """Where somebody is signed in."""
    assert visit.session is not None  # noqa: S101 - somebody is signed in
    opened = await visit.services.sessions.open_of(visit.account_id)
    rows = [
        {
            "here": one.session_id == visit.session.session_id,
            "browser": browsers.named(one.device),
            "source": one.source,
            "since": one.opened_at,
            "seen": one.seen_at,
        }
        for one in opened
    ]
    return visit.render("sessions.html", rows=rows)


async def end_sessions(visit: Visit) -> web.StreamResponse:
    """Afterwards this session is the only one."""
    assert visit.session is not None  # noqa: S101 - somebody is signed in
    await visit.services.sessions.end_others(visit.session, visit.call)
    return visit.go(f"{PATH}?sessions=1")


async def show_data(visit: Visit) -> web.StreamResponse:
    """What is kept about the person."""
    person = await visit.services.people.show_person(visit.account_id)
    return visit.render("data.html", profile=person.profile, account=person.account)


async def _password(visit: Visit, problems: dict[str, Any] | None = None) -> web.Response:
    person = await visit.services.people.show_person(visit.account_id)
    paired = person.pairing is PairingState.ACTIVE
    return visit.render(
        "change_password.html",
        status=422 if problems else 200,
        failed=bool(problems),
        problems=problems or {},
        minimum=SHORTEST if paired else SHORTEST_ALONE,
        bound="1" if paired else "",
        username=person.account.username,
    )
