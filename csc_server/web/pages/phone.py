"""Another phone number in three steps, and the question about the one used elsewhere. (J5, J1.9)"""

from __future__ import annotations

from typing import Any, Final

from aiohttp import web

from csc_server.web.pages import after, sent, step_up
from csc_server.web.pages.onward import HOME
from csc_server.web.pages.page import Visit
from policies import codes, errors

PATH: Final = "/settings/phone"
_MAIL: Final = "phone_mail_sent"
_MAIL_DONE: Final = "phone_mail_done"
_SMS: Final = "phone_sms_sent"
_NUMBER: Final = "phone_number"


async def show(visit: Visit) -> web.StreamResponse:
    """The step that comes next."""
    if _MAIL not in visit.data and step_up.needed(visit):
        return step_up.first(visit, PATH)
    return await _page(visit)


async def submit(visit: Visit) -> web.StreamResponse:
    """One step."""
    step = visit.form.text("do")
    try:
        return await _step(visit, step)
    except errors.FormInvalid as invalid:
        return await _page(visit, invalid.problems)
    except errors.CodeWrong as wrong:
        return await _page(visit, {"code": wrong.tries_left or "dead"})
    except errors.CodeExpired:
        return await _page(visit, {"code": "dead"})
    except errors.RateLimited as reason:
        return await _page(visit, **sent.unsent(reason))
    except errors.StepMissing:
        # The confirmation of the mail address is too old: from the beginning.
        await visit.keep(**dict.fromkeys((_MAIL, _MAIL_DONE, _SMS, _NUMBER)))
        return visit.go(PATH)


async def show_question(visit: Visit) -> web.StreamResponse:
    """Is the number used at identification to become the account's? (J1.9)"""
    person = await visit.services.people.show_person(visit.account_id)
    if person.profile is None or person.profile.proposed_phone is None:
        return visit.go(HOME)
    return visit.render(
        "phone_question.html",
        old=person.profile.phone,
        proposed=person.profile.proposed_phone,
    )


async def answer(visit: Visit) -> web.StreamResponse:
    """*Confirm* or *Refuse*."""
    accept, number = visit.form.text("answer") == "confirm", visit.form.text("phone")
    try:
        await visit.services.people.answer_phone_proposal(
            visit.call, visit.account_id, number, accept=accept
        )
    except errors.StepMissing:
        return visit.go(after.PHONE)
    return await after.onward(visit, after.PHONE, HOME)


async def _step(visit: Visit, step: str) -> web.Response:
    people, owner, form = visit.services.people, visit.account_id, visit.form
    code = codes.typed(form.text("code"))
    if step == "mail":
        if step_up.needed(visit):
            return step_up.first(visit, PATH)
        await sent.keep(visit, _MAIL, await people.send_email_code(visit.call, owner))
    elif step == "mail_code":
        await people.confirm_email(visit.call, owner, code)
        await visit.keep(**{_MAIL_DONE: "1"})
    elif step == "number":
        number, under_way = await people.send_new_phone_code(
            visit.call, owner, form.text("phone"), form.text("phone_prefix")
        )
        await sent.keep(visit, _SMS, under_way)
        await visit.keep(**{_NUMBER: number})
    elif step == "other":
        await visit.keep(**{_SMS: None, _NUMBER: None})
    elif step == "sms_code" and _NUMBER in visit.data:
        await people.confirm_new_phone(visit.call, owner, visit.data[_NUMBER], code)
        # Every session of the account has ended, this one too.
        await visit.sign_out()
        return visit.go("/login?phone=1")
    return visit.go(PATH)


async def _page(
    visit: Visit, problems: dict[str, Any] | None = None, *, status: int = 422
) -> web.Response:
    person = await visit.services.people.show_person(visit.account_id)
    if person.profile is None:
        return visit.render("no_phone.html")
    return visit.render(
        "change_phone.html",
        status=status if problems else 200,
        failed=bool(problems),
        problems=problems or {},
        profile=person.profile,
        mail=sent.kept(visit, _MAIL),
        mail_done=_MAIL_DONE in visit.data,
        sms=sent.kept(visit, _SMS),
        number=visit.data.get(_NUMBER, ""),
        typed={name: visit.form.text(name) for name in ("phone", "phone_prefix")},
        prefixes=visit.services.people.rules.prefixes,
    )
