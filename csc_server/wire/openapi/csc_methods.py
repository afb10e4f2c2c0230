"""The CSC methods, one row each: what goes in, what comes out. (CSC v1 and v2, chapter 11)

v1 and v2 share the rows whose bodies are the same. Whether a method is there at all is said by
``info``; a row here only describes it. The rows of documents stand in ``csc_documents``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from csc_server.wire.openapi import credential
from csc_server.wire.openapi.csc_documents import DOCUMENTS, MODES, STARTED, TIMESTAMP
from csc_server.wire.openapi.csc_rows import (
    HASHES,
    ID,
    NO_USER,
    OBJECT_ID,
    PARAMETERS,
    SAD,
    SAD_OR_TOKEN,
    Method,
    request,
)
from csc_server.wire.openapi.schemas import (
    BASE64,
    Schema,
    array,
    body,
    flag,
    number,
    record,
    ref,
    text,
)

_ISSUED: Final = record({"SAD": text(), "expiresIn": number("Seconds.", minimum=1)})
_SIGNED: Final = record(
    {"signatures": array(text(pattern=BASE64), "In the order of the hashes.", minItems=1)}
)
_OPTIONS: Final = {
    "certificates": text(enum=["none", "single", "chain"], default="single"),
    "certInfo": flag(default=False),
    "authInfo": flag(default=False),
}
_INFO: Final[dict[str, Schema]] = {
    "specs": text(pattern=r"^\d+\.\d+\.\d+\.\d+$"),
    "name": text(maxLength=255),
    "logo": text(format="uri"),
    "region": text(pattern="^[A-Z]{2}$"),
    "lang": text(),
    "description": text(maxLength=255),
    "authType": array(text(enum=["basic", "oauth2code", "oauth2client"]), minItems=1),
    "methods": array(text()),
}
_OAUTH: Final = {"oauth2": text(format="uri"), "oauth2Issuer": text(format="uri")}
_ALGORITHMS: Final = record({"algos": array(OBJECT_ID), "algoParams": array(text())})
_FORMATS: Final = record(
    {
        "formats": array(text()),
        "envelope_properties": array(array(text())),
        "allowMix": flag("Of v2.1.0.1."),
    },
    ["formats", "envelope_properties"],
)
_INFO_V2: Final[dict[str, Schema]] = {
    **_INFO,
    "asynchronousOperationMode": flag(),
    "validationInfo": flag(),
    "signAlgorithms": _ALGORITHMS,
    "signature_formats": _FORMATS,
    "conformance_levels": array(text()),
}
_TOKENS: Final = record(
    {
        "access_token": text(),
        "refresh_token": text("With rememberMe."),
        "expires_in": number("Seconds.", minimum=1),
    },
    ["access_token", "expires_in"],
)
_AUTH_DATA: Final = array(
    body({"id": text()}, {"value": text("None with id APPROVAL.")}),
    "One entry per factor; or APPROVAL alone, then the answer is 202.",
)
_HANDLE: Final = text("Of the answer 202.", minLength=1)
_WAITING: Final = record({"handle": _HANDLE})


def _info(answer: Mapping[str, Schema]) -> Method:
    fields = {**answer, **_OAUTH}
    return Method("info", "About the service", request({}), {200: record(fields, answer)}, ())


_LOGIN: Final = Method(
    "auth/login",
    "Access token for user name and password, or for a refresh token",
    request({}, refresh_token=text(), rememberMe=flag(default=False)),
    {200: _TOKENS},
    ("basic",),
)
_REVOKE: Final = Method(
    "auth/revoke",
    "End a token, or with a refresh token the whole grant",
    request(
        {"token": text(minLength=1)},
        token_type_hint=text(enum=["access_token", "refresh_token"]),
    ),
    {204: None},
)


def _credential_info(name: str) -> Method:
    wanted = request({"credentialID": ID}, **_OPTIONS)
    return Method("credentials/info", "A credential", wanted, {200: ref(name)})


V1: Final = (
    _info(_INFO),
    _LOGIN,
    _REVOKE,
    Method(
        "credentials/list",
        "The person's credentials, a page at a time",
        request(
            {},
            userID=NO_USER,
            maxResults={"description": "1 to 100; anything else counts as 100."},
            pageToken=text("nextPageToken of the page before."),
        ),
        {200: record({"credentialIDs": array(text()), "nextPageToken": text()}, ["credentialIDs"])},
    ),
    _credential_info("CredentialV1"),
    Method(
        "credentials/authorize",
        "Factors become a SAD for these hashes",
        request(
            {"credentialID": ID, "numSignatures": number(minimum=1)},
            hash=HASHES,
            PIN=text(),
            OTP=text(),
            description=text(maxLength=500),
        ),
        {200: _ISSUED},
    ),
    Method("credentials/sendOTP", "Send a code by SMS", request({"credentialID": ID}), {204: None}),
    Method(
        "credentials/extendTransaction",
        "A new SAD for the rest of the hashes",
        request({"credentialID": ID, "SAD": SAD}, hash=HASHES),
        {200: _ISSUED},
    ),
    Method(
        "signatures/signHash",
        "Sign hashes",
        request(
            {"credentialID": ID, "SAD": SAD, "hash": HASHES, "signAlgo": text(minLength=1)},
            hashAlgo=text("Where signAlgo names no digest."),
            signAlgoParams=PARAMETERS,
        ),
        {200: _SIGNED},
    ),
    TIMESTAMP,
)
V2: Final = (
    _info(_INFO_V2),
    _LOGIN,
    _REVOKE,
    Method(
        "credentials/list",
        "The person's credentials",
        request(
            {},
            userID=NO_USER,
            credentialInfo=flag(default=False),
            onlyValid=flag(default=False),
            **_OPTIONS,
        ),
        {200: credential.LISTED},
    ),
    _credential_info("CredentialV2"),
    Method(
        "credentials/authorize",
        "Factors become a SAD for these hashes",
        request(
            {"credentialID": ID, "numSignatures": number(minimum=1)},
            hashes=HASHES,
            hashAlgorithmOID=text("With hashes."),
            authData=_AUTH_DATA,
            description=text(maxLength=500),
        ),
        {200: _ISSUED, 202: _WAITING},
    ),
    Method(
        "credentials/getChallenge",
        "Send a code by SMS; nothing is answered",
        request({"credentialID": ID, "authObjectID": text("OTP.", minLength=1)}),
        {204: None},
    ),
    Method(
        "credentials/authorizeCheck",
        "Has the person approved on our page?",
        request({"handle": _HANDLE}),
        {200: _ISSUED, 202: _WAITING},
    ),
    Method(
        "credentials/extendTransaction",
        "A new SAD for the rest of the hashes",
        request(
            {"credentialID": ID, "SAD": SAD},
            hashes=HASHES,
            hashAlgorithmOID=text("With hashes."),
        ),
        {200: _ISSUED},
    ),
    Method(
        "signatures/signHash",
        "Sign hashes",
        request(
            {"credentialID": ID, "hashes": HASHES, "signAlgo": text(minLength=1)},
            SAD=SAD_OR_TOKEN,
            hashAlgorithmOID=text("Where signAlgo names no digest."),
            signAlgoParams=PARAMETERS,
            **MODES,
        ),
        {200: {"anyOf": [_SIGNED, STARTED]}},
    ),
    *DOCUMENTS,
    TIMESTAMP,
)

COMPONENTS: Final = credential.COMPONENTS
