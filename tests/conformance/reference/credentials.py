"""credentials/list and credentials/info (v1 11.4, 11.5; v2 11.4, 11.5)."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Any, Final

from tests.conformance.reference import accounts
from tests.conformance.reference.accounts import Credential
from tests.conformance.reference.call import Call, method
from tests.conformance.reference.replies import Reply, invalid

PAGE: Final = 3
CERTIFICATES: Final = ("single", "none", "chain")
DESCRIBED: Final = "a credential"
"""Defects of this name are in credentials/info and in ``credentialInfos`` alike."""
_LABELS: Final = {
    "en-US": {"PIN": "Signing PIN", "TOTP": "App code", "SMS": "SMS code", "PHONE": "Phone"},
    "de-DE": {"PIN": "Signatur-PIN", "TOTP": "App-Code", "SMS": "SMS-Code", "PHONE": "Telefon"},
}
_TYPES: Final = {
    "PIN": "Password",
    "TOTP": "Password",
    "SMS": "ChallengeResponse",
    "PHONE": "PasswordOOB",
}
"""Of the authentication objects (v2 8.2)."""


@method("credentials/list", 1)
async def list_v1(call: Call) -> Reply:
    """One page of the user's credentials."""
    call.admit()
    call.client_data()
    ids = [one.id for one in _owned(call)]
    size = call.members.get("maxResults")
    if call.server.wrong("list-max-results-refused") and isinstance(size, int) and size > PAGE:
        raise invalid("maxResults")
    if not isinstance(size, int) or isinstance(size, bool) or not 1 <= size <= PAGE:
        size = PAGE
    page = call.members.get("pageToken", "after-0")
    starts = [f"after-{at}" for at in range(len(ids))]
    if page not in starts and page != "after-0":
        if not call.server.wrong("list-page-any"):
            raise invalid("pageToken")
        page = "after-0"
    start = int(page.removeprefix("after-"))
    members: dict[str, Any] = {"credentialIDs": ids[start : start + size]}
    skipped = 1 if call.server.wrong("list-page-forgets") and start == 1 else 0
    if start + size + skipped < len(ids):
        members["nextPageToken"] = f"after-{start + size + skipped}"
    return Reply(members)


@method("credentials/list", 2)
async def list_v2(call: Call) -> Reply:
    """All of the user's credentials, described if that is asked for."""
    call.admit()
    call.client_data()
    owned = _owned(call)
    members: dict[str, Any] = {}
    if call.flag("onlyValid"):
        lies = call.server.wrong("list-only-valid-lies")
        owned = [one for one in owned if one.enabled or lies]
        members["onlyValid"] = True
    if call.flag("credentialInfo") or call.server.wrong("list-infos-always"):
        members["credentialInfos"] = [
            {"credentialID": one.id, **_described(call, one)} for one in owned
        ]
    return Reply({"credentialIDs": [one.id for one in owned], **members})


@method("credentials/info", 1, 2)
async def info(call: Call) -> Reply:
    """Key, certificates and conditions of one credential."""
    call.admit(credential_token=not call.server.wrong("credential-token-informs-not"))
    credential = call.credential()
    call.client_data()
    return Reply(_described(call, credential))


def _owned(call: Call) -> list[Credential]:
    if call.server.wrong("list-user-id"):
        call.members.pop("userID", None)
    user = call.for_user("userID parameter MUST be null", "Invalid parameter userID")
    everybody = call.server.wrong("list-of-all")
    owners = accounts.USERS if everybody else (user or "alice",)
    return [one for one in accounts.CREDENTIALS.values() if one.owner in owners]


def _described(call: Call, credential: Credential) -> dict[str, Any]:
    certificates, with_certificate = _asked(call)
    with_auth = call.flag("authInfo")
    members: dict[str, Any] = {
        "description": f"{credential.id} of {credential.owner}",
        "key": _key(credential),
        "cert": _certificate(credential, certificates, decoded=with_certificate),
        "SCAL": credential.scal,
        "multisign": credential.multisign,
        "lang": call.lang,
    }
    if call.major == 1:
        members |= _auth_v1(credential, call.lang, detailed=with_auth)
    else:
        auth = _auth_v2(credential, call.lang, detailed=with_auth)
        members |= {"signatureQualifier": "eu_eidas_aes", "auth": auth}
    return dict(call.server.changed(DESCRIBED, Reply(members)).members or {})


def _asked(call: Call) -> tuple[str, bool]:
    """Which certificates, and whether they are decoded."""
    server = call.server
    certificates, decoded = call.choice("certificates", CERTIFICATES), call.flag("certInfo")
    if call.method != "credentials/info":
        return certificates, decoded
    if "certificates" not in call.members and server.wrong("certificate-default-chain"):
        certificates = "chain"
    if call.members.get("certificates") == "single" and server.wrong("certificate-single-long"):
        certificates = "chain"
    if certificates == "none" and server.wrong("certificate-info-with"):
        decoded = False
    if certificates == "none" and server.wrong("certificate-none-ignored"):
        certificates = "single"
    return certificates, decoded or server.wrong("certificate-info-always")


def _key(credential: Credential) -> dict[str, Any]:
    members: dict[str, Any] = {
        "status": "enabled" if credential.enabled else "disabled",
        "algo": list(credential.algos),
        "len": 2048 if credential.kind == "RSA" else 256,
    }
    if credential.kind == "EC":
        members["curve"] = accounts.P256
    return members


def _certificate(credential: Credential, which: str, *, decoded: bool) -> dict[str, Any]:
    holder = credential.holder
    members: dict[str, Any] = {"status": "valid"}
    if which != "none":
        chain = holder.der() if which == "chain" else holder.der()[:1]
        members["certificates"] = [base64.b64encode(one).decode() for one in chain]
    if decoded:
        certificate = holder.certificate
        members |= {
            "issuerDN": certificate.issuer.rfc4514_string(),
            "subjectDN": certificate.subject.rfc4514_string(),
            "serialNumber": certificate.serial_number.to_bytes(20).hex().upper(),
            "validFrom": _time(certificate.not_valid_before_utc),
            "validTo": _time(certificate.not_valid_after_utc),
        }
    return members


def _time(moment: datetime) -> str:
    return moment.strftime("%Y%m%d%H%M%SZ")


def _auth_v1(credential: Credential, lang: str, *, detailed: bool) -> dict[str, Any]:
    mode = {"push": "implicit"}.get(credential.mode, credential.mode)
    members: dict[str, Any] = {"authMode": mode}
    if not detailed or mode != "explicit":
        return members
    labels = _LABELS[lang]
    members["PIN"] = {
        "presence": "true",
        "format": "N",
        "label": labels["PIN"],
        "description": "Four digits",
    }
    members["OTP"] = {"presence": "false"}
    for name, kind in (("TOTP", "offline"), ("SMS", "online")):
        if name in credential.objects:
            members["OTP"] = {
                "presence": "true",
                "type": kind,
                "format": "N",
                "label": labels[name],
                "description": "Six digits",
                "ID": name,
                "provider": "Reference",
            }
    return members


def _auth_v2(credential: Credential, lang: str, *, detailed: bool) -> dict[str, Any]:
    if credential.mode == "oauth2code":
        return {"mode": "oauth2code"}
    if not detailed:
        return {"mode": "explicit"}
    objects = []
    for name in credential.objects:
        described = {"type": _TYPES[name], "id": name, "label": _LABELS[lang][name]}
        if name != "PHONE":
            described["format"] = "N"
        objects.append(described)
    expression = " AND ".join(credential.objects)
    return {"mode": "explicit", "expression": expression, "objects": objects}
