"""What a client asks of ``oauth2/authorize``: parameters to ``policies.oauth.requests.Asked``.

(CSC v1 8.4.2; CSC v2 8.4.2, 8.4.3; RFC 9396) A shape that cannot be taken becomes ``problem`` of
the result: it may be told to the client only when the redirect URI is known to be good.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from csc_server.wire import fields
from policies import errors
from policies.oauth import proofs, requests
from policies.oauth.requests import Asked, AskedSignatures
from policies.oauth.values import Document, SignatureWish
from policies.tokens import Scope
from policies.values import CredentialId

DETAIL_TYPES: Final = (
    "credential",
    "https://cloudsignatureconsortium.org/2.0/credential",
)
"""Types of authorization details (CSC v2 8.4.3; its URI as RFC 9396 wants it)."""
HASH_TYPE: Final = "DTBSR"
"""The one meaning of a digest here (CSC v2.2): the hash that signHash gets."""
_PLAIN: Final = (
    "credentialID",
    "signatureQualifier",
    "numSignatures",
    "hash",
    "hashes",
    "hashAlgorithmOID",
)
"""Parameters that belong to scope ``credential`` alone."""

Object = Mapping[str, Any]
Parameters = Mapping[str, str]


def parse(version: int, parameters: Parameters) -> Asked:
    """The request, understood as far as it can be."""
    asked = Asked(
        version=version,
        client_id=parameters.get("client_id"),
        redirect_uri=parameters.get("redirect_uri"),
        request_uri=parameters.get("request_uri"),
        response_type=parameters.get("response_type"),
        response_mode=parameters.get("response_mode"),
        scope=parameters.get("scope"),
        state=parameters.get("state"),
        code_challenge=parameters.get("code_challenge"),
        code_challenge_method=parameters.get("code_challenge_method"),
        lang=parameters.get("lang"),
        account_token=parameters.get("account_token"),
    )
    try:
        if (jkt := parameters.get("dpop_jkt")) is not None:
            asked = replace(asked, dpop_jkt=proofs.thumbprint(jkt))
        return _with_signatures(asked, parameters)
    except errors.Refused as problem:
        return replace(asked, problem=problem)


def render_details(wish: SignatureWish, credential_id: str) -> list[dict[str, Any]]:
    """``authorization_details`` of a token response: what was approved. (RFC 9396 7)"""
    digests = []
    for document in wish.documents:
        entry = {"hash": base64.b64encode(document.digest).decode("ascii")}
        if document.label is not None:
            entry["label"] = document.label
        digests.append(entry)
    return [
        {
            "type": wish.details_type,
            "credentialID": credential_id,
            "numSignatures": len(digests),
            "documentDigests": digests,
            "hashAlgorithmOID": wish.hash_algorithm.oid,
        }
    ]


def _with_signatures(asked: Asked, parameters: Parameters) -> Asked:
    details = parameters.get("authorization_details")
    plain = [name for name in _PLAIN if name in parameters]
    if details is not None and asked.version == 2:
        # EUDI's Swift library sends the scope too, which says the same.
        if asked.scope not in (None, Scope.CREDENTIAL):
            raise errors.ScopeInvalid("beside authorization_details")
        if plain:
            raise errors.ParameterInvalid(plain[0])
        signatures = _details(details, parameters.get("description"))
        return replace(asked, scope=Scope.CREDENTIAL, signatures=signatures)
    if asked.scope != Scope.CREDENTIAL:
        if plain:
            # CSC v1 8.4.2: not to be used with another scope.
            raise errors.ParameterInvalid(plain[0])
        return asked
    return replace(asked, signatures=_plain(asked.version, parameters))


def _plain(version: int, parameters: Parameters) -> AskedSignatures:
    """The parameters of scope ``credential``. (CSC v1 8.4.2, v2 8.4.2)"""
    qualifier = parameters.get("signatureQualifier") if version == 2 else None
    credential_id = parameters.get("credentialID")
    if credential_id is None and qualifier is None:
        raise errors.ParameterMissing("credentialID")
    # The running example of v2 still says ``hash``.
    hashes, name = parameters.get("hash"), "hash"
    if version == 2:
        hashes, name = parameters.get("hashes", hashes), "hashes"
    if hashes is None:
        raise errors.ParameterMissing(name)
    hash_algo = None
    if version == 2:
        hash_algo = parameters.get("hashAlgorithmOID")
        if hash_algo is None:
            raise errors.ParameterMissing("hashAlgorithmOID")
    return AskedSignatures(
        credential_id=CredentialId(credential_id) if credential_id else None,
        signature_qualifier=qualifier,
        count=_count(parameters),
        documents=tuple(Document(one, None) for one in _digests(hashes, name)),
        hash_algo=hash_algo,
        description=parameters.get("description"),
        details_type=None,
    )


def _count(parameters: Parameters) -> int:
    text = parameters.get("numSignatures")
    if text is None:
        raise errors.ParameterMissing("numSignatures")
    if not (text.isascii() and text.isdigit() and len(text) <= 6):
        raise errors.ParameterInvalid("numSignatures")
    return int(text)


def _digests(hashes: str, name: str) -> list[bytes]:
    found = hashes.split(",")
    if len(found) > requests.MOST_HASHES:
        raise errors.ParameterInvalid(name)
    try:
        return [_digest(one) for one in found]
    except ValueError as reason:
        raise errors.ParameterInvalid(name) from reason


def _digest(text: str) -> bytes:
    """A digest in base64url or base64, padded or not: clients send all four (CSC spec 9.5).

    Raises:
        ValueError: Anything else, or nothing.
    """
    plain = text.rstrip("=").replace("-", "+").replace("_", "/")
    if not plain:
        raise ValueError("empty")
    return fields.decode_base64(plain + "=" * (-len(plain) % 4))


def _details(text: str, description: str | None) -> AskedSignatures:
    """The one authorization detail. (RFC 9396 2, 5; CSC v2 8.4.3)

    Raises:
        AuthorizationDetailsInvalid: No JSON array of one object; an unknown type or field, one of
            another type, or one that is missing.
    """
    try:
        found = fields.parse_json(text.encode("utf-8", "surrogatepass"))
    except fields.Malformed as reason:
        raise _invalid("no JSON") from reason
    if not isinstance(found, list) or len(found) != 1 or not isinstance(found[0], dict):
        raise _invalid("not an array of one object")
    detail = _members(found[0], _DETAIL)
    if detail.get("type") not in DETAIL_TYPES:
        raise _invalid("type")
    if "credentialID" not in detail and "signatureQualifier" not in detail:
        raise _invalid("credentialID")
    if "hashAlgorithmOID" not in detail or not detail.get("documentDigests"):
        raise _invalid("hashAlgorithmOID or documentDigests")
    documents = tuple(_document(one) for one in detail["documentDigests"])
    credential_id = detail.get("credentialID")
    return AskedSignatures(
        credential_id=CredentialId(credential_id) if credential_id else None,
        signature_qualifier=detail.get("signatureQualifier"),
        count=detail.get("numSignatures", len(documents)),
        documents=documents,
        hash_algo=detail["hashAlgorithmOID"],
        description=description,
        details_type=detail["type"],
        locations=tuple(detail.get("locations", ())),
    )


def _document(entry: object) -> Document:
    if not isinstance(entry, dict):
        raise _invalid("documentDigests")
    given = _members(entry, _DIGEST)
    if given.get("hashType", HASH_TYPE).upper() != HASH_TYPE or "hash" not in given:
        raise _invalid("hash or hashType")
    try:
        digest = _digest(given["hash"])
    except ValueError as reason:
        raise _invalid("hash") from reason
    return Document(digest, given.get("label"))


def _members(entry: Object, known: Mapping[str, Callable[[object], bool]]) -> Object:
    """The members that are not null; EUDI's Kotlin library writes every optional one."""
    for name, value in entry.items():
        if name not in known or (value is not None and not known[name](value)):
            raise _invalid(name[:40])
    return {name: value for name, value in entry.items() if value is not None}


def _is_text(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 2000


def _is_label(value: object) -> bool:
    return isinstance(value, str) and len(value) <= requests.LABEL_CHARACTERS


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _is_digests(value: object) -> bool:
    return isinstance(value, list) and len(value) <= requests.MOST_HASHES


def _invalid(what: str) -> errors.AuthorizationDetailsInvalid:
    return errors.AuthorizationDetailsInvalid(what)


_DETAIL: Final[Mapping[str, Callable[[object], bool]]] = {
    "type": _is_text,
    "credentialID": _is_text,
    "signatureQualifier": _is_text,
    "documentDigests": _is_digests,
    "hashAlgorithmOID": _is_text,
    "numSignatures": _is_number,
    "locations": _is_texts,
}
"""Members of the detail (CSC v2 8.4.3; ``numSignatures`` of v2.2, which clients always send)."""
_DIGEST: Final[Mapping[str, Callable[[object], bool]]] = {
    "hash": _is_text,
    "label": _is_label,
    "hashType": _is_text,
}
