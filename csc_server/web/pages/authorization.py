"""Consent and approval: a program asks, the person answers. (journeys J1.5, J8.1, J9; ui 5.4, 5.5)

The request was checked and stored when the browser came with it (``oauth2/authorize``); the page
shows it to whoever is signed in, in the browser session that brought it. Its answer leaves by a
303 to the program, or by a page that goes on by itself where a redirect would lead nowhere. A
consent that was given before is not asked again: then already the GET answers, as RFC 6749 4.1
has it; the request itself is good once.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

from aiohttp import web

from csc_server.operations.oauth.views import AuthorizationView, Begun, Redirect
from csc_server.web.pages import approving, guard
from csc_server.web.pages.page import Visit
from csc_server.web.pages.verbs import AuthorizationVerbs
from csc_server.wire.errors import PathUnknown
from policies import errors
from policies.oauth import redirects
from policies.values import ClientId, CredentialId

PATH: Final = "/approve"
REQUEST: Final = "request"
"""Query parameter: identifier of the stored request."""


def begun(visit: Visit, request: Begun) -> web.Response:
    """``oauth2/authorize`` has stored the request: on to the page that asks."""
    visit.speak(request.lang)
    return visit.go(_address(request.request_id))


async def show(visit: Visit) -> web.StreamResponse:
    """Consent or approval, as the request asks."""
    request_id = visit.request.query.get(REQUEST, "")
    try:
        view = await _view(visit, request_id)
        if view.consent_given and not view.other_account:
            answer = await _allow(visit, request_id, asked=False)
            if guard.from_our_form(visit.request.headers):
                # The login's ``form-action`` knows no program, and holds against its redirects.
                return _go_on(visit, view, answer)
            return _leave(visit, view, answer)
    except errors.AuthorizationRequestGone:
        return ended(visit)
    return await _page(visit, view)


async def submit(visit: Visit) -> web.StreamResponse:
    """*Allow*, *Approve and sign*, or *Refuse*."""
    request_id, do = visit.form.text(REQUEST), visit.form.text("do")
    try:
        view = await _view(visit, request_id)
        if do == "refuse":
            verb = _verbs(visit).refuse
            answer = await verb(visit.call, request_id, _session(visit), visit.account_id)
            return _leave(visit, view, answer, refused=True)
        if view.other_account:
            return await _page(visit, view)
        if view.signatures is None:
            return _leave(visit, view, await _allow(visit, request_id, asked=True))
        if do == "send":
            return await approving.send(visit, _common(visit, view), view.signatures)
        return await _approve(visit, view)
    except errors.AuthorizationRequestGone:
        return ended(visit)


def ended(visit: Visit) -> web.Response:
    """The request is over, answered, or was never this browser's: one page for all."""
    return visit.render("request_ended.html", status=410)


async def show_succeeded(visit: Visit) -> web.StreamResponse:
    """Where a program may send the browser that has no page of its own to show. (J8.1)"""
    return visit.render("succeeded.html")


def unknown_program(visit: Visit) -> web.Response:
    """Program or return address is not registered: no way on, and no redirect (RFC 9700 4.11)."""
    return visit.render("unknown_program.html", status=400, failed=True)


async def show_programs(visit: Visit) -> web.StreamResponse:
    """Settings: the programs that were let in."""
    found = await _verbs(visit).applications(visit.account_id)
    return visit.render("programs.html", programs=found)


async def withdraw(visit: Visit) -> web.StreamResponse:
    """Settings: *Withdraw*."""
    client_id = ClientId(visit.form.text("client"))
    await _verbs(visit).withdraw(visit.call, visit.account_id, client_id)
    return visit.go("/settings?programs=1")


async def _approve(visit: Visit, view: AuthorizationView) -> web.Response:
    chosen = visit.form.text(approving.CREDENTIAL)
    try:
        answer = await _verbs(visit).approve(
            visit.call,
            view.waiting.request_id,
            _session(visit),
            visit.account_id,
            credential_id=CredentialId(chosen) if chosen else None,
            **approving.typed(visit.form),
        )
    except approving.REFUSALS as reason:
        return await _page(visit, view, approving.told(reason))
    return _leave(visit, view, answer)


async def _page(
    visit: Visit, view: AuthorizationView, wrong: dict[str, Any] | None = None
) -> web.Response:
    common = _common(visit, view, **(wrong or {}))
    if view.other_account:
        return visit.render("other_account.html", **common)
    if view.signatures is None:
        return visit.render("consent.html", **common)
    return await approving.page(visit, view.signatures, common)


def _common(visit: Visit, view: AuthorizationView, **wrong: Any) -> dict[str, Any]:
    waiting = view.waiting
    visit.form_targets = (waiting.answers_to,)
    here = _address(waiting.request_id)
    return {"view": view, **approving.common(visit, PATH, here, waiting, **wrong)}


def _address(request_id: str) -> str:
    return f"{PATH}?{urlencode({REQUEST: request_id})}"


async def _view(visit: Visit, request_id: str) -> AuthorizationView:
    return await _verbs(visit).view(request_id, _session(visit), visit.account_id)


async def _allow(visit: Visit, request_id: str, *, asked: bool) -> Redirect:
    verb = _verbs(visit).allow
    return await verb(visit.call, request_id, _session(visit), visit.account_id, asked=asked)


def _leave(
    visit: Visit, view: AuthorizationView, answer: Redirect, *, refused: bool = False
) -> web.Response:
    if redirects.for_a_browser(answer.url):
        return visit.go(answer.url)
    # The other program takes over, and this page is what the browser goes on showing.
    return _go_on(visit, view, answer, refused=refused)


def _go_on(
    visit: Visit, view: AuthorizationView, answer: Redirect, *, refused: bool = False
) -> web.Response:
    """By ``Refresh``, which no ``form-action`` holds, and a link for where that is switched off."""
    return visit.render(
        "go_on.html", view=view, waiting=view.waiting, refused=refused, address=answer.url
    )


def _session(visit: Visit) -> str:
    assert visit.session is not None  # noqa: S101 - somebody is signed in
    return visit.session.session_id


def _verbs(visit: Visit) -> AuthorizationVerbs:
    found = visit.services.authorization
    if found is None:
        raise PathUnknown
    return found
