"""Approval out of band: what waits for the person, and the page of one request. (ADR 9)

A program asked by ``credentials/authorize``; a mail leads here, or the list. The person sees what
the approval page of the authorization server shows, and answers in the same way.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

from aiohttp import web

from csc_server.operations.approvals import ApprovalVerbs
from csc_server.operations.approvals.answer import ApprovalView
from csc_server.operations.approvals.ask import PATH, REQUEST
from csc_server.web.pages import approving
from csc_server.web.pages.authorization import ended
from csc_server.web.pages.page import Visit
from policies import errors
from policies.values import ApprovalId

LIST: Final = "/approvals"
_DONE: Final = ("approved", "refused")
"""What the list may tell of the step before it."""


async def show_list(visit: Visit) -> web.StreamResponse:
    """What waits."""
    found = await _verbs(visit).waiting(visit.account_id)
    done = next((word for word in _DONE if word in visit.request.query), None)
    return visit.render("approvals.html", waiting=found, done=done)


async def show(visit: Visit) -> web.StreamResponse:
    """One request."""
    try:
        view = await _view(visit, visit.request.query.get(REQUEST, ""))
    except errors.AuthorizationRequestGone:
        return ended(visit)
    return await _page(visit, view)


async def submit(visit: Visit) -> web.StreamResponse:
    """*Approve and sign*, or *Refuse*."""
    approval_id = ApprovalId(visit.form.text(REQUEST))
    try:
        view = await _view(visit, approval_id)
        if visit.form.text("do") == "refuse":
            await _verbs(visit).refuse(visit.call, approval_id, visit.account_id)
            return visit.go(f"{LIST}?refused=1")
        if visit.form.text("do") == "send":
            return await approving.send(visit, _common(visit, view), view.signatures)
        try:
            given = approving.typed(visit.form)
            await _verbs(visit).approve(visit.call, approval_id, visit.account_id, **given)
        except approving.REFUSALS as reason:
            return await _page(visit, view, **approving.told(reason))
    except errors.AuthorizationRequestGone:
        return ended(visit)
    return visit.go(f"{LIST}?approved=1")


async def _page(visit: Visit, view: ApprovalView, **wrong: Any) -> web.Response:
    return await approving.page(visit, view.signatures, _common(visit, view, **wrong))


def _common(visit: Visit, view: ApprovalView, **wrong: Any) -> dict[str, Any]:
    here = f"{PATH}?{urlencode({REQUEST: view.asking.request_id})}"
    return approving.common(visit, PATH, here, view.asking, **wrong)


async def _view(visit: Visit, request_id: str) -> ApprovalView:
    return await _verbs(visit).view(ApprovalId(request_id), visit.account_id)


def _verbs(visit: Visit) -> ApprovalVerbs:
    return visit.services.approvals
