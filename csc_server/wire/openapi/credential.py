"""A credential as credentials/info and credentials/list of either version answer it.

(CSC v1 11.5; CSC v2 11.4, 11.5)
"""

from __future__ import annotations

from typing import Final

from csc_server.wire.openapi.schemas import (
    BASE64,
    OID,
    Schema,
    array,
    flag,
    number,
    record,
    ref,
    text,
)

_TIME: Final = text("GeneralizedTime.", pattern="^[0-9]{14}Z$")
_NOTICE: Final = {"label": text(maxLength=255), "description": text(maxLength=255)}

KEY: Final = record(
    {
        "status": text(enum=["enabled", "disabled"]),
        "algo": array(text(pattern=OID), "What signAlgo may be.", minItems=1),
        "len": number("Key size in bits.", minimum=256),
        "curve": text("Only of ECDSA keys.", pattern=OID),
    },
    ["status", "algo", "len"],
)
CERT: Final = record(
    {
        "status": text(enum=["valid", "expired", "revoked", "suspended"]),
        "certificates": array(text(pattern=BASE64), "DER, end entity first."),
        "issuerDN": text("RFC 4514; with certInfo, as all below."),
        "serialNumber": text(pattern="^[0-9A-F]+$"),
        "subjectDN": text("RFC 4514."),
        "validFrom": _TIME,
        "validTo": _TIME,
    },
    [],
)
_COMMON: Final[dict[str, Schema]] = {
    "description": text(maxLength=255),
    "key": ref("Key"),
    "cert": ref("Certificate"),
    "SCAL": text(enum=["1", "2"]),
    "multisign": number("Most signatures of one authorisation.", minimum=1),
    "lang": text(),
}
_MODES: Final = ["explicit", "oauth2code", "implicit"]
_ALWAYS: Final = ("key", "cert", "SCAL", "multisign")

PIN: Final = record(
    {"presence": text(enum=["true", "false"]), "format": text(enum=["A", "N"]), **_NOTICE},
    ["presence"],
)
OTP: Final = record(
    {
        "presence": text(enum=["true", "false"]),
        "type": text(enum=["offline", "online"]),
        "format": text(enum=["A", "N"]),
        "ID": text(),
        "provider": text(),
        **_NOTICE,
    },
    ["presence"],
)
AUTH_OBJECT: Final = record(
    {
        "type": text(enum=["Password", "ChallengeResponse", "PasswordOOB"]),
        "id": text(),
        "format": text(enum=["A", "N"]),
        "generator": text(),
        **_NOTICE,
    },
    ["type", "id"],
)
AUTH: Final = record(
    {
        "mode": text(enum=_MODES),
        "expression": text("Which objects are needed; with authInfo."),
        "objects": array(ref("AuthenticationObject")),
    },
    ["mode"],
)
CREDENTIAL_V1: Final = record(
    {**_COMMON, "authMode": text(enum=_MODES), "PIN": PIN, "OTP": OTP}, [*_ALWAYS, "authMode"]
)
CREDENTIAL_V2: Final = record({**_COMMON, "auth": AUTH}, [*_ALWAYS, "auth"])
LISTED: Final = record(
    {
        "credentialIDs": array(text()),
        "credentialInfos": array(
            {"allOf": [ref("CredentialV2"), record({"credentialID": text()})]},
            "With credentialInfo.",
        ),
        "onlyValid": flag("True when the list was cut to credentials that can sign."),
    },
    ["credentialIDs"],
)

COMPONENTS: Final[dict[str, Schema]] = {
    "Key": KEY,
    "Certificate": CERT,
    "AuthenticationObject": AUTH_OBJECT,
    "CredentialV1": CREDENTIAL_V1,
    "CredentialV2": CREDENTIAL_V2,
}
