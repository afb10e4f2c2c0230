"""What pages show of signatures that wait for a person's approval, and of an approval refused.

One template for requests of the authorization server (``authorization``) and of
``credentials/authorize`` (``approvals``), so that a person always sees the same. (ui 3.17, 5.5)
"""

from __future__ import annotations

from typing import Any, Final

from aiohttp import web

from csc_server.operations.oauth.views import Signatures
from csc_server.web.pages import certificates
from csc_server.web.pages.forms import Form
from csc_server.web.pages.page import Visit
from csc_server.web.pages.refusals import refusal
from policies import codes, errors
from policies.secret import Otp, Pin
from policies.values import Credential, CredentialId, Factor

CREDENTIAL: Final = "credential"
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
REFUSALS: Final = (*_UNUSABLE, *_PIN, *_CODE)
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
    return {"refusal": refusal(reason)}


def page(visit: Visit, wish: Signatures, common: dict[str, Any]) -> web.Response:
    """The page that asks: for the certificate if there are several, then for PIN and code.

    Args:
        common: ``action`` and ``waiting``, what the forms go to and are about; ``here``, the
            address of the page; ``left_s``; ``problems`` and ``refusal``; status.
    """
    asked = visit.request.query.get(CREDENTIAL) or visit.form.text(CREDENTIAL)
    usable = {one.credential_id: one for one in wish.credentials}
    if not usable:
        return visit.render("no_credential.html", **common)
    chosen = usable.get(CredentialId(asked))
    if chosen is None and len(usable) > 1:
        choices = [(one.credential_id, _shown(one)) for one in usable.values()]
        return visit.render("choose_credential.html", choices=choices, **common)
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
        **common,
    )


def _shown(credential: Credential) -> certificates.Shown:
    return certificates.shown(credential.certificates[0], credential.public_key)
