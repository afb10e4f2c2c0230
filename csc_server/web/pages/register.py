"""Register: the form, the invitation behind the mailed link, the account. (journeys J1.1, J1.2)

No answer tells whether an address has an account: the form ends on one page for all.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from aiohttp import web

from csc_server.ports import NameTaken
from csc_server.ports.people import Profile, Registration
from csc_server.web.pages import sent
from csc_server.web.pages.page import Visit
from policies import codes, errors
from policies.messages import Language
from policies.passwords import SHORTEST_ALONE
from policies.registration import Applicant, RegistrationForm
from policies.secret import LinkToken

Problems = Mapping[str, Any]
_FIELDS: Final = ("first_name", "last_name", "email", "phone_prefix", "phone")
_SENT: Final = "registration_sent"
_DEAD: Final = {"code": "dead"}


async def show(visit: Visit) -> web.StreamResponse:
    """The empty form."""
    return _form(visit)


async def submit(visit: Visit) -> web.StreamResponse:
    """A mail goes out, whoever the address belongs to."""
    typed = {name: visit.form.text(name) for name in _FIELDS}
    form = RegistrationForm(
        **typed,
        privacy_read=visit.form.ticked("privacy_read"),
        language=Language(visit.language),
    )
    try:
        await visit.services.people.start_registration(visit.call, form)
    except errors.FormInvalid as invalid:
        return _form(visit, invalid.problems)
    return visit.go("/register/sent")


async def show_sent(visit: Visit) -> web.StreamResponse:
    """The one answer to all."""
    return visit.render("mail_sent.html", kind="register")


async def show_invitation(visit: Visit) -> web.StreamResponse:
    """The page behind the link, at the step that comes next."""
    try:
        return _invitation(visit, await visit.services.people.open_invitation(visit.link))
    except errors.LinkInvalid:
        return dead_link(visit, "register")


async def submit_invitation(visit: Visit) -> web.StreamResponse:
    """One step: the number, the code, or the password."""
    step = _STEPS.get(visit.form.text("do"), _send_code)
    try:
        found = await visit.services.people.open_invitation(visit.link)
        return await step(visit)
    except (errors.LinkInvalid, NameTaken):
        return dead_link(visit, "register")
    except errors.FormInvalid as invalid:
        return _invitation(visit, found, invalid.problems)
    except errors.PasswordRefused as refused:
        return _invitation(visit, found, {"password": refused.reason})
    except errors.CodeWrong as wrong:
        return _invitation(visit, found, {"code": wrong.tries_left or "dead"})
    except errors.CodeExpired:
        return _invitation(visit, found, _DEAD)
    except errors.RateLimited as reason:
        return _invitation(visit, found, **sent.unsent(reason))


async def judge(visit: Visit) -> web.StreamResponse:
    """What is wrong with a password, while it is typed. (J1.2; ui 3.3)"""
    person = await _whose(visit)
    found = await visit.services.people.judge_password(
        visit.form.password("password"), person, second_factor=visit.form.ticked("bound")
    )
    return visit.verdict(found)


async def _whose(visit: Visit) -> Profile | Applicant | None:
    """Whose names the password must not consist of, as far as the form tells."""
    people = visit.services.people
    if visit.signed_in:
        return (await people.show_person(visit.account_id)).profile
    try:
        return (await people.open_invitation(LinkToken(visit.form.text("link")))).applicant
    except errors.LinkInvalid:
        return None


def dead_link(visit: Visit, kind: str) -> web.Response:
    """A link that is unknown, used or over: one page for all three."""
    return visit.render("dead_link.html", status=404, kind=kind)


async def _send_code(visit: Visit) -> web.Response:
    under_way = await visit.services.people.send_phone_code(
        visit.call, visit.link, visit.form.text("phone"), visit.form.text("phone_prefix")
    )
    await sent.keep(visit, _SENT, under_way)
    return visit.go(visit.here)


async def _confirm(visit: Visit) -> web.Response:
    code = codes.typed(visit.form.text("code"))
    await visit.services.people.confirm_phone(visit.call, visit.link, code)
    await visit.keep(**{_SENT: None})
    return visit.go(visit.here)


async def _change_number(visit: Visit) -> web.Response:
    await visit.keep(**{_SENT: None})
    return visit.go(visit.here)


async def _create(visit: Visit) -> web.Response:
    form = visit.form
    try:
        await visit.services.people.create_account(
            visit.call, visit.link, form.password("password"), form.password("repeated")
        )
    except errors.StepMissing:
        return visit.go(visit.here)
    return visit.go("/login?created=1")


_STEPS: Final[Mapping[str, Callable[[Visit], Awaitable[web.Response]]]] = {
    "phone": _send_code,
    "code": _confirm,
    "change": _change_number,
    "password": _create,
}


def _form(visit: Visit, problems: Problems | None = None) -> web.Response:
    return visit.render(
        "register.html",
        status=422 if problems else 200,
        failed=bool(problems),
        problems=problems or {},
        typed={name: visit.form.text(name) for name in _FIELDS},
        read=visit.form.ticked("privacy_read"),
        prefixes=visit.services.people.rules.prefixes,
    )


def _invitation(
    visit: Visit,
    found: Registration,
    problems: Problems | None = None,
    *,
    status: int = 422,
) -> web.Response:
    return visit.render(
        "invitation.html",
        status=status if problems else 200,
        failed=bool(problems),
        problems=problems or {},
        applicant=found.applicant,
        confirmed=found.phone_confirmed,
        sent=sent.kept(visit, _SENT),
        phone=visit.form.text("phone"),
        prefix=visit.form.text("phone_prefix"),
        prefixes=visit.services.people.rules.prefixes,
        action=visit.here,
        link=visit.link.value,
        minimum=SHORTEST_ALONE,
    )
