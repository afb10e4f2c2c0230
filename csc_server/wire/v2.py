"""CSC API v2.0.0.2: bodies to requests, results to bodies. (CSC v2 chapter 11)"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from csc_server.wire import common, fields, v1, words
from csc_server.wire.common import InfoOptions, ServiceInfo
from csc_server.wire.fields import Body, Malformed
from policies import algorithms, errors
from policies.authorize import AuthorizeRequest, ExtendRequest
from policies.documents import ENVELOPES, Format
from policies.messages import Language
from policies.secret import ApprovalHandle, Otp, Pin, Sad
from policies.sign import SignHashRequest
from policies.values import Credential, CredentialId, Factor

SPECS: Final = "2.0.0.2"
"""What is spoken unless the configuration says 2.1.0.1."""

PIN_ID: Final = "PIN"
OTP_ID: Final = "OTP"
APPROVAL_ID: Final = "APPROVAL"
"""Ids of the authentication objects; unique within a credential (CSC v2 8.1)."""


_OBJECTS: Final = {
    Factor.PIN: ("Password", PIN_ID),
    # An offline code is a Password object to CSC: no challenge is fetched first.
    Factor.OTP: ("Password", OTP_ID),
    Factor.SMS: ("ChallengeResponse", OTP_ID),
}
"""Type and id of each factor's object, in the order of the answer (CSC v2 8.1)."""


@dataclass(frozen=True, slots=True)
class ListRequest:
    """credentials/list."""

    credential_info: bool
    options: InfoOptions
    only_valid: bool


def parse_list(body: Body) -> ListRequest:
    """credentials/list. (CSC v2 11.4)"""
    common.forbid_user_id(body)
    options = common.parse_info_options(body)
    credential_info = fields.boolean(body, "credentialInfo")
    only_valid = fields.boolean(body, "onlyValid")
    fields.common(body)
    return ListRequest(credential_info, options, only_valid)


def parse_authorize(body: Body) -> AuthorizeRequest:
    """credentials/authorize. (CSC v2 11.6)"""
    credential_id = CredentialId(fields.string(body, "credentialID"))
    num_signatures = fields.integer(body, "numSignatures")
    hashes, hash_algo = _hashes(body)
    given = _authentication_data(body)
    description = fields.description(body)
    fields.common(body)
    pin, otp = given.get(PIN_ID), given.get(OTP_ID)
    return AuthorizeRequest(
        credential_id,
        num_signatures,
        hashes,
        hash_algo,
        pin=Pin(pin) if pin else None,
        otp=Otp(otp) if otp else None,
        description=description,
        by_approval=APPROVAL_ID in given,
    )


def parse_challenge(body: Body) -> CredentialId:
    """credentials/getChallenge. (CSC v2 11.8)"""
    credential_id = CredentialId(fields.string(body, "credentialID"))
    object_id = fields.string(body, "authObjectID")
    fields.common(body)
    if object_id != OTP_ID:
        raise Malformed("Invalid parameter authObjectID")  # CHAL-3: nothing else is challenged
    return credential_id


def parse_check(body: Body) -> ApprovalHandle:
    """credentials/authorizeCheck. (CSC v2 11.7)"""
    handle = ApprovalHandle(fields.string(body, "handle"))
    fields.common(body)
    return handle


def parse_extend(body: Body) -> ExtendRequest:
    """credentials/extendTransaction; the rows of signHash apply (CSC v2 11.9)."""
    sad = common.sad(body)
    credential_id = CredentialId(fields.string(body, "credentialID"))
    hashes, hash_algo = _hashes(body)
    fields.common(body)
    return ExtendRequest(credential_id, sad, hashes, hash_algo)


def parse_sign_hash(body: Body, handle: Sad | None = None) -> SignHashRequest:
    """signatures/signHash; checks in the order of its table (CSC v2 11.10).

    Args:
        handle: The SAD that the access token is, for scope ``credential``.
    """
    return v1.fields_of_sign_hash(
        body, hashes="hashes", hash_algo="hashAlgorithmOID", handle=handle
    )


def render_info(
    service: ServiceInfo,
    key_algorithms: tuple[algorithms.KeyAlgorithm, ...],
    language: Language = words.DEFAULT,
) -> dict[str, Any]:
    """info. (CSC v2 11.1; v2.1.0.1 OpenAPI)"""
    algos = list(dict.fromkeys(oid for key in key_algorithms for oid in algorithms.offered(key)))
    methods = common.METHODS_V2 + (common.WITH_TIMESTAMPS if service.timestamps else ())
    return common.render_info(service, service.csc_v2, methods, language) | {
        # Exactly one way to the authorization server is named (v2.1.0.1): its metadata.
        "oauth2Issuer": service.issuer,
        "asynchronousOperationMode": True,
        "validationInfo": False,
        # Aligned with algos; no parameters are fixed by us (RSASSA-PSS takes what is asked).
        "signAlgorithms": {"algos": algos, "algoParams": ["" for _ in algos]},
        "signature_formats": _formats(service),
        "conformance_levels": [level.value for level in service.levels],
        **_since_2_1(service),
    }


def _since_2_1(service: ServiceInfo) -> dict[str, Any]:
    """What v2.1.0.1 added to ``info``."""
    return {} if service.csc_v2 == SPECS else {"supportsRar": True}


def _formats(service: ServiceInfo) -> dict[str, Any]:
    formats: dict[str, Any] = {
        "formats": [one.value for one in Format],
        "envelope_properties": [[one.value for one in ENVELOPES[form]] for form in Format],
    }
    if service.csc_v2 != SPECS:
        # v2.1.0.1: one call may mix formats and envelopes.
        formats["allowMix"] = True
    return formats


def render_list(
    request: ListRequest, credentials: list[Credential], now: datetime, *, approval: bool
) -> dict[str, Any]:
    """credentials/list.

    Args:
        approval: The person can be asked to approve on our page.
    """
    if request.only_valid:
        credentials = [one for one in credentials if common.is_usable(one, now)]
    body: dict[str, Any] = {"credentialIDs": [one.credential_id for one in credentials]}
    if request.credential_info:
        body["credentialInfos"] = [
            {"credentialID": one.credential_id}
            | render_credential(one, request.options, now, approval=approval)
            for one in credentials
        ]
    if request.only_valid:
        body["onlyValid"] = True
    return body


def render_credential(
    credential: Credential, options: InfoOptions, now: datetime, *, approval: bool
) -> dict[str, Any]:
    """credentials/info. (CSC v2 11.5)

    Args:
        approval: As for ``render_list``.
    """
    auth: dict[str, Any] = {"mode": "explicit"}
    if options.auth_info:
        objects = _objects(credential, options.language)
        expression = " AND ".join(one["id"] for one in objects)
        if approval:
            objects.append(_approval(options.language))
            own = f"({expression})" if len(credential.factors) > 1 else expression
            expression = f"{own} OR {APPROVAL_ID}"
        auth["expression"] = expression
        auth["objects"] = objects
    return common.render_credential(credential, options, now) | {"auth": auth}


def _approval(language: Language) -> dict[str, str]:
    # No format: the client has no value to send (CSC v2 8.1).
    return {"type": "PasswordOOB", "id": APPROVAL_ID} | words.approval(language)


def _objects(credential: Credential, language: Language) -> list[dict[str, str]]:
    return [
        {"type": kind, "id": name, "format": "N"} | words.factor(factor, language)
        for factor, (kind, name) in _OBJECTS.items()
        if factor in credential.factors
    ]


def _hashes(body: Body) -> tuple[tuple[bytes, ...] | None, str | None]:
    """``hashes`` and, whenever they are there, ``hashAlgorithmOID``. (CSC v2 11.6)"""
    hashes = fields.optional_hashes(body, "hashes")
    if hashes is None:
        return None, None
    return hashes, fields.string(body, "hashAlgorithmOID")


def _authentication_data(body: Body) -> dict[str, str | None]:
    """The values of ``authData`` by their ids. (CSC v2 8.1, 11.6)"""
    entries = body.get("authData", [])
    if not isinstance(entries, list) or not all(isinstance(one, dict) for one in entries):
        raise fields.missing_or_wrong("array", "authData")
    values: dict[str, str | None] = {}
    for entry in entries:
        name, value = entry.get("id"), entry.get("value")
        wanted = type(None) if name == APPROVAL_ID else str
        if not isinstance(name, str) or not isinstance(value, wanted) or name in values:
            raise Malformed("Invalid parameter authData")
        values[name] = value
    if values.keys() - {PIN_ID, OTP_ID, APPROVAL_ID}:
        raise errors.AuthenticationDataUnknown("an id that no credential has")
    if APPROVAL_ID in values and len(values) > 1:
        # The objects stand on either side of an OR: the client has to say which way it wants.
        raise Malformed("Invalid parameter authData")
    return values
