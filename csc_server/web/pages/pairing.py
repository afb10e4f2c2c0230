"""Pair or replace the authenticator: SMS code, QR code, one code of the app. (J1.4, J1.11, J6)

The seed is shown once. It is not kept on our side in the open; a wrong code brings the page back
with the seed that the form itself carried, which the browser has on its screen anyway.
"""

from __future__ import annotations

import base64
import re
from datetime import datetime
from typing import Any, Final

from aiohttp import web

from csc_server.operations.people import qr
from csc_server.operations.people.records import profile_of
from csc_server.web.pages import after, sent, step_up
from csc_server.web.pages.onward import HOME
from csc_server.web.pages.page import Visit
from csc_server.web.pages.refusals import Refusal, refusal
from policies import codes, errors
from policies.second_factor import PairingState
from policies.secret import Otp, TotpSeed
from policies.sessions import Session, Stage
from policies.values import AccountId

PATH: Final = "/authenticator"
_SENT: Final = "pairing_sent"
_UNTIL: Final = "pairing_until"
_SIGNS_FROM: Final = "signs_from"
_MODULE_PX: Final = 4
"""Whole pixels for each module of the QR code on the page, so that all are equally large."""
_SEED: Final = re.compile(r"[A-Z2-7]{16,64}")


async def show(visit: Visit) -> web.StreamResponse:
    """Step 1: what is needed, and the SMS code once one went out."""
    account_id = _owner(visit)
    if _SENT not in visit.data and step_up.needed(visit):
        return step_up.first(visit, PATH)
    return await _phone_step(visit, account_id)


async def send(visit: Visit) -> web.StreamResponse:
    """Send the SMS code, unless one is under way."""
    account_id = _owner(visit)
    if step_up.needed(visit):
        return step_up.first(visit, PATH)
    session = visit.session
    if session is not None and session.stage is Stage.CODE_AWAITED:
        # The authenticator is lost: this login goes on by pairing another (J6).
        await visit.advance(Stage.PAIRING, account_id, session.data)
    try:
        under_way = await visit.services.people.start_pairing(visit.call, account_id)
    except errors.RateLimited as reason:
        return await _phone_step(visit, account_id, **sent.unsent(reason))
    await sent.keep(visit, _SENT, under_way)
    return visit.go(PATH)


async def confirm_phone(visit: Visit) -> web.StreamResponse:
    """SMS code and tick; then step 2, the QR code."""
    account_id, form = _owner(visit), visit.form
    try:
        shown = await visit.services.people.confirm_pairing_code(
            visit.call,
            account_id,
            codes.typed(form.text("code")),
            installed=form.ticked("installed"),
        )
    except errors.FormInvalid as invalid:
        return await _phone_step(visit, account_id, invalid.problems, status=422)
    except errors.CodeWrong as wrong:
        problem = {"code": wrong.tries_left or "dead"}
        return await _phone_step(visit, account_id, problem, status=422)
    except errors.CodeExpired:
        return await _phone_step(visit, account_id, {"code": "dead"}, status=422)
    await visit.keep(**{_SENT: None, _UNTIL: shown.until.isoformat()})
    return await _app_step(visit, account_id, shown.seed)


async def show_finish(visit: Visit) -> web.StreamResponse:
    """A reload of step 2: the QR code is gone, since it is shown once."""
    _owner(visit)
    return visit.go(PATH)


async def finish(visit: Visit) -> web.StreamResponse:
    """The code of the app proves that the seed arrived; everybody is signed out."""
    account_id, form = _owner(visit), visit.form
    seed = form.text("seed")
    if not _SEED.fullmatch(seed):
        return visit.go(PATH)
    otp = Otp(codes.typed(form.text("code")).value)
    try:
        paired = await visit.services.people.finish_pairing(
            visit.call, account_id, otp, for_login=True, keep_session=_session(visit).digest
        )
    except errors.OtpWrong as wrong:
        return await _app_step(visit, account_id, TotpSeed(seed), refusal(wrong))
    except errors.StepMissing:
        return await _phone_step(visit, account_id, {"qr": "ended"}, status=422)
    # Nobody is signed in any more; what this browser wanted, and a request of a program that
    # waits in it, stay for the next login.
    data = after.plan(set(), after.wanted(visit, HOME))
    signs_from = {_SIGNS_FROM: paired.signs_from.isoformat()}
    await visit.advance(Stage.ANONYMOUS, None, {**data, **signs_from})
    return visit.go("/authenticator/done")


async def done(visit: Visit) -> web.StreamResponse:
    """Paired; sign in again."""
    if _SIGNS_FROM not in visit.data:
        return visit.go(PATH)
    return visit.render("paired.html", signs_from=datetime.fromisoformat(visit.data[_SIGNS_FROM]))


def _owner(visit: Visit) -> AccountId:
    """Who pairs: signed in, or halfway in with the right password."""
    account_id = _session(visit).account_id
    if account_id is None:
        raise errors.SessionMissing("pairing without a password")
    return account_id


def _session(visit: Visit) -> Session:
    if visit.session is None:
        raise errors.SessionMissing("pairing without a password")
    return visit.session


async def _phone_step(
    visit: Visit,
    account_id: AccountId,
    problems: dict[str, Any] | None = None,
    *,
    status: int = 200,
) -> web.Response:
    person = await visit.services.people.show_person(account_id)
    if person.profile is None:
        return visit.render("no_phone.html")
    return visit.render(
        "pair_phone.html",
        status=status,
        failed=bool(problems),
        problems=problems or {},
        sent=sent.kept(visit, _SENT),
        phone=person.profile.phone,
        replaces=person.pairing is PairingState.ACTIVE,
        signed_in=visit.signed_in,
    )


async def _app_step(
    visit: Visit, account_id: AccountId, seed: TotpSeed, refused: Refusal | None = None
) -> web.Response:
    person = await visit.services.people.show_person(account_id)
    uri = qr.uri(visit.services.people.rules.brand, profile_of(person).email, seed)
    picture = qr.png(uri)
    until = datetime.fromisoformat(visit.data[_UNTIL])
    return visit.render(
        "pair_app.html",
        status=422 if refused else 200,
        failed=refused is not None,
        refusal=refused,
        seed=seed.value,
        picture=f"data:image/png;base64,{base64.b64encode(picture).decode()}",
        side=_MODULE_PX * qr.modules(picture),
        until=until,
        left_s=max(int((until - visit.services.clock.now()).total_seconds()), 0),
        signed_in=visit.signed_in,
    )
