"""What pages show of signatures that wait for a person's approval, and of an approval refused.

One template for requests of the authorization server (``authorization``) and of
``credentials/authorize`` (``approvals``), so that a person always sees the same. (ui 3.17, 5.5)
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

from aiohttp import web

from csc_server.operations.approvals.answer import Asking
from csc_server.operations.oauth.views import Signatures, Waiting
from csc_server.web.pages import certificates, sent
from csc_server.web.pages.forms import Form
from csc_server.web.pages.page import Visit
from csc_server.web.pages.refusals import refusal
from policies import codes, errors, masks
from policies.secret import Otp, Pin
from policies.values import Credential, CredentialId, Factor

CREDENTIAL: Final = "credential"
_SENT: Final = "sent"
"""In the query or a form: a code went out, so the page asks for it."""
_UNUSABLE: Final = (
    errors.CredentialUnknown,
    errors.CredentialDisabled,
    errors.CertificateExpired,
    errors.NumSignaturesTooHigh,
)
_PIN: Final = (errors.PinWrong, errors.PinMissing, errors.PinLocked)
_CODE: Final = (
    errors.OtpWrong,
    errors.OtpMissing,
    errors.OtpLocked,
    errors.AuthenticatorNotReady,
    errors.AuthenticatorCooling,
)
REFUSALS: Final = (*_UNUSABLE, *_PIN, *_CODE, errors.OtpNotSent)
"""Why an approval is refused that the person may try again."""


def typed(form: Form) -> dict[str, Any]:
    """PIN and code, as the verbs that approve take them."""
    pin, otp = form.text("pin"), codes.typed(form.text("code")).value
    return {"pin": Pin(pin) if pin else None, "otp": Otp(otp) if otp else None}


def told(reason: errors.Refused) -> dict[str, Any]:
    """What the page shows of one of ``REFUSALS``."""
    if isinstance(reason, _UNUSABLE):
        return {"problems": {CREDENTIAL: "unusable"}}
    if isinstance(reason, _PIN):
        return {"problems": {"pin": "locked" if isinstance(reason, errors.PinLocked) else "wrong"}}
    if isinstance(reason, errors.OtpNotSent):
        return {"problems": {CREDENTIAL: "no_phone"}}
    return {"refusal": refusal(reason)}


def common(
    visit: Visit, action: str, here: str, waiting: Waiting | Asking, **wrong: Any
) -> dict[str, Any]:
    """What every page about a request shows.

    Args:
        action: What its forms go to.
        here: Its address, with a query.
        wrong: See ``told``.
    """
    left = waiting.expires_at - visit.services.clock.now()
    return {
        "status": 422 if wrong else 200,
        "failed": bool(wrong),
        "action": action,
        "here": here,
        "waiting": waiting,
        "left_s": max(int(left.total_seconds()), 0),
        "problems": {},
        "refusal": None,
        **wrong,
    }


async def send(visit: Visit, shown: dict[str, Any], wish: Signatures) -> web.Response:
    """*Send the code*: back to the page, which asks for it now; or why none was sent."""
    chosen = CredentialId(visit.form.text(CREDENTIAL))
    try:
        await visit.services.send_code(visit.call, visit.account_id, chosen)
    except errors.RateLimited as reason:
        return await page(visit, wish, shown | {"failed": True} | sent.unsent(reason))
    except REFUSALS as reason:
        return await page(visit, wish, shown | {"status": 422, "failed": True} | told(reason))
    return visit.go(f"{shown['here']}&{urlencode({CREDENTIAL: chosen, _SENT: 1})}")


async def page(visit: Visit, wish: Signatures, shown: dict[str, Any]) -> web.Response:
    """The page that asks: for the certificate if there are several, then for PIN and code.

    Args:
        shown: See ``common``.
    """
    asked = visit.request.query.get(CREDENTIAL) or visit.form.text(CREDENTIAL)
    usable = {one.credential_id: one for one in wish.credentials}
    if not usable:
        return visit.render("no_credential.html", **shown)
    chosen = usable.get(CredentialId(asked))
    if chosen is None and len(usable) > 1:
        choices = [(one.credential_id, _shown(one)) for one in usable.values()]
        return visit.render("choose_credential.html", choices=choices, **shown)
    credential = chosen or next(iter(usable.values()))
    return visit.render(
        "approve.html",
        wish=wish,
        items=[
            {
                "name": one.label,
                "digest": one.digest,
                "algorithm": wish.hash_algorithm.name.replace("SHA", "SHA-"),
            }
            for one in wish.documents
        ],
        certificate=_shown(credential),
        credential_id=credential.credential_id,
        needs_pin=Factor.PIN in credential.factors,
        needs_code=Factor.OTP in credential.factors,
        sms=await _sms(visit, credential),
        **shown,
    )


async def _sms(visit: Visit, credential: Credential) -> dict[str, Any] | None:
    """Where a code by SMS goes, and whether to ask for it already; ``None``: none is needed."""
    if Factor.SMS not in credential.factors:
        return None
    person = await visit.services.people.show_person(visit.account_id)
    phone = masks.phone(person.profile.phone) if person.profile else ""
    before = visit.form.text("do") == "approve" or visit.form.text(_SENT)
    # A number is never broken between lines.
    return {
        "phone": phone.replace(" ", "\u00a0"),
        "sent": bool(before) or _SENT in visit.request.query,
    }


def _shown(credential: Credential) -> certificates.Shown:
    return certificates.shown(credential.certificates[0], credential.public_key)
