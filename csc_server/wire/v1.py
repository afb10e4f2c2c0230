"""CSC API v1.0.4.0: bodies to requests, results to bodies. (CSC v1 chapter 11)"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from csc_server.wire import common, fields, words
from csc_server.wire.common import InfoOptions, ServiceInfo
from csc_server.wire.fields import Body
from policies import errors
from policies.authorize import AuthorizeRequest, ExtendRequest
from policies.messages import Language
from policies.secret import Otp, Pin, Sad
from policies.sign import SignHashRequest
from policies.values import Credential, CredentialId, Factor

SPECS: Final = "1.0.4.0"

PAGE: Final = 100
"""Most credential ids on one page; a larger wish is cut to it, never an error (CSC v1 11.4)."""


@dataclass(frozen=True, slots=True)
class ListRequest:
    """credentials/list."""

    page_size: int
    after: str | None
    """Credential id that the previous page ended with."""


def parse_list(body: Body) -> ListRequest:
    """credentials/list. (CSC v1 11.4)"""
    page_token = body.get("pageToken")
    if page_token is not None:
        page_token = _page_token(page_token)
    common.forbid_user_id(body)
    fields.common(body)
    wish = body.get("maxResults")
    if not isinstance(wish, int) or isinstance(wish, bool) or not 1 <= wish <= PAGE:
        wish = PAGE
    return ListRequest(wish, page_token)


def parse_authorize(body: Body) -> AuthorizeRequest:
    """credentials/authorize. (CSC v1 11.6)"""
    credential_id = CredentialId(fields.string(body, "credentialID"))
    num_signatures = fields.integer(body, "numSignatures")
    hashes = fields.optional_hashes(body, "hash")
    pin, otp = fields.optional_string(body, "PIN"), fields.optional_string(body, "OTP")
    fields.description(body)
    fields.common(body)
    return AuthorizeRequest(
        credential_id,
        num_signatures,
        hashes,
        hash_algo=None,
        pin=Pin(pin) if pin else None,
        otp=Otp(otp) if otp else None,
    )


def parse_send_otp(body: Body) -> CredentialId:
    """credentials/sendOTP. (CSC v1 11.8)"""
    credential_id = CredentialId(fields.string(body, "credentialID"))
    fields.common(body)
    return credential_id


def parse_extend(body: Body) -> ExtendRequest:
    """credentials/extendTransaction; the rows of signHash apply (CSC v1 11.7)."""
    sad = common.sad(body)
    credential_id = CredentialId(fields.string(body, "credentialID"))
    hashes = fields.optional_hashes(body, "hash")
    fields.common(body)
    return ExtendRequest(credential_id, sad, hashes, hash_algo=None)


def parse_sign_hash(body: Body) -> SignHashRequest:
    """signatures/signHash; checks in the order of its table (CSC v1 11.9)."""
    return fields_of_sign_hash(body, hashes="hash", hash_algo="hashAlgo")


def fields_of_sign_hash(
    body: Body, *, hashes: str, hash_algo: str, handle: Sad | None = None
) -> SignHashRequest:
    """signHash under the member names of either version.

    Args:
        handle: The SAD that the access token is (v2, scope ``credential``); then none is needed
            in the body.
    """
    sad = handle or common.sad(body)
    credential_id = CredentialId(fields.string(body, "credentialID"))
    digests = fields.hashes(body, hashes)
    sign_algo = fields.string(body, "signAlgo")
    parameters = fields.pss_parameters(body)
    digest_oid = body.get(hash_algo)
    if digest_oid is not None and not isinstance(digest_oid, str):
        raise fields.missing_or_wrong("string", hash_algo)
    fields.common(body)
    return SignHashRequest(credential_id, sad, digests, sign_algo, digest_oid or None, parameters)


def render_info(service: ServiceInfo, language: Language = words.DEFAULT) -> dict[str, Any]:
    """info. (CSC v1 11.1)"""
    methods = common.METHODS_V1 + (common.WITH_TIMESTAMPS if service.timestamps else ())
    # Clients add ``oauth2/authorize`` and its neighbours (CSC v1 8.4).
    base = {"oauth2": f"{service.issuer}/csc/v1/"}
    return common.render_info(service, SPECS, methods, language) | base


def render_list(request: ListRequest, credentials: list[Credential]) -> dict[str, Any]:
    """One page of credential ids.

    Args:
        credentials: All of the account, in their lasting order.

    Raises:
        PageTokenInvalid: The token names no credential of the account.
    """
    ids = [credential.credential_id for credential in credentials]
    start = 0
    if request.after is not None:
        if request.after not in ids:
            raise errors.PageTokenInvalid("names no credential of the account")
        start = ids.index(CredentialId(request.after)) + 1
    page = ids[start : start + request.page_size]
    body: dict[str, Any] = {"credentialIDs": page}
    if start + len(page) < len(ids):
        body["nextPageToken"] = base64.urlsafe_b64encode(page[-1].encode()).decode("ascii")
    return body


def render_credential(
    credential: Credential, options: InfoOptions, now: datetime
) -> dict[str, Any]:
    """credentials/info. (CSC v1 11.5)"""
    body = common.render_credential(credential, options, now) | {"authMode": "explicit"}
    if options.auth_info:
        body["PIN"] = _pin(credential, options.language)
        body["OTP"] = _otp(credential, options.language)
    return body


def _pin(credential: Credential, language: Language) -> dict[str, str]:
    if Factor.PIN not in credential.factors:
        return {"presence": "false"}
    return {"presence": "true", "format": "N"} | words.factor(Factor.PIN, language)


def _otp(credential: Credential, language: Language) -> dict[str, str]:
    if Factor.SMS in credential.factors:
        # CSC v1 11.8: online, so the client calls sendOTP first. One phone, the owner's.
        sent = {"presence": "true", "type": "online", "format": "N", "ID": "SMS", "provider": "SMS"}
        return sent | words.factor(Factor.SMS, language)
    if Factor.OTP not in credential.factors:
        return {"presence": "false"}
    return {
        "presence": "true",
        "type": "offline",
        "format": "N",
        "ID": str(credential.authenticator_id),
        "provider": "TOTP (RFC 6238)",
    } | words.factor(Factor.OTP, language)


def _page_token(value: object) -> str:
    if isinstance(value, str):
        try:
            return base64.urlsafe_b64decode(value.encode("ascii")).decode("utf-8")
        except ValueError:
            pass  # Said below, as for any other value that we never issued.
    raise errors.PageTokenInvalid("not one of ours")
