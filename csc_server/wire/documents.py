"""signDoc, signPolling, timestamp and operationMode: bodies to requests, results to bodies.

(CSC v2 11.10 to 11.13; v2.1.0.1 OpenAPI; CSC v1 11.10)
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from csc_server.wire import fields
from csc_server.wire.fields import Body, Malformed
from policies import algorithms, errors
from policies.algorithms import HashAlgorithm
from policies.documents import (
    LONGEST_TEXT,
    MOST_DOCUMENT_BYTES,
    MOST_PARTS,
    MOST_REQUEST_BYTES,
    Document,
    Envelope,
    Format,
    Level,
    Part,
    Property,
    SignDocRequest,
)
from policies.jobs import SigningResult
from policies.secret import ResponseId, Sad
from policies.values import CredentialId

E = TypeVar("E", Format, Level, Envelope, Property)

Keep = Callable[[bytes, HashAlgorithm | None], tuple[Document, bytes]]
"""Puts a document where it can be read from; that place, and its digest with this algorithm,
which is empty when there is none."""

LONGEST_NONCE: Final = 64
"""Hexadecimal digits: 256 bits. Authorities refuse much longer ones."""
_HEX: Final = re.compile(f"[0-9A-Fa-f]{{1,{LONGEST_NONCE}}}")
_DIGESTS: Final = "Invalid object parameter documentDigests"  # DOC-6
_DOCUMENTS: Final = "Invalid array parameter documents"  # DOC-7


@dataclass(frozen=True, slots=True)
class Mode:
    """``operationMode`` and what goes with it."""

    asynchronous: bool
    validity_ms: int | None
    """``validity_period``; ``None`` for ours."""


@dataclass(frozen=True, slots=True)
class TimestampBody:
    """signatures/timestamp."""

    digest: bytes
    algorithm: HashAlgorithm
    nonce: int | None


def parse_mode(body: Body) -> Mode:
    """``operationMode``, ``validity_period``, ``response_uri`` (SIGN-15 to 18, DOC-23 to 26)."""
    mode = body.get("operationMode", "S")
    if mode not in ("S", "A"):
        raise Malformed("Invalid parameter operationMode")
    if mode == "S":
        # The other two are meaningful only with A, and ignored otherwise.
        return Mode(False, None)
    validity = body.get("validity_period")
    if validity is not None and (isinstance(validity, bool) or not isinstance(validity, int)):
        raise Malformed("Invalid parameter validity_period")
    if "response_uri" in body:
        # We call nobody back: better said now than waited for (docs/csc-divergences.md).
        raise Malformed("Invalid parameter response_uri")
    return Mode(True, None if validity is None else fields.bounded(validity))


def check_handle(body: Body, handle: Sad | None) -> None:
    """Return if the body names no other SAD than the access token does. (CSC v2 8.4.1)

    Raises:
        SadUnknown: It does.
    """
    if handle is not None and body.get("SAD", handle.value) != handle.value:
        raise errors.SadUnknown("another one than the access token")


def parse_sign_doc(body: Body, keep: Keep, handle: Sad | None = None) -> SignDocRequest:
    """signDoc; checks in the order of its table. (CSC v2 11.11)

    Args:
        keep: Where its documents go to, one after the other.
        handle: The SAD that the access token stands for, for scope ``credential``; a ``SAD`` in
            the body goes before it.
    """
    sad = handle if handle is not None and "SAD" not in body else Sad(fields.string(body, "SAD"))
    credential_id = _credential_id(body)
    parts = _parts(body, _Kept(keep))
    # With effect for B-LT of a client's own PDF alone: everywhere else it is in the signature.
    validation_info = fields.boolean(body, "returnValidationInfo")
    fields.common(body)
    return SignDocRequest(credential_id, sad, parts, validation_info)


def parse_polling(body: Body) -> ResponseId:
    """signPolling. (CSC v2 11.12)"""
    response_id = fields.string(body, "requestID")
    user_id = body.get("userID")
    if user_id is not None and not isinstance(user_id, str):
        raise Malformed('Invalid parameter "userID"')  # POLL-5
    if user_id:
        raise Malformed("userID parameter SHALL be null")  # POLL-4
    fields.common(body)
    return ResponseId(response_id)


def parse_timestamp(body: Body) -> TimestampBody:
    """timestamp; checks in the order of its table. (CSC v1 11.10)"""
    text = body.get("hash")
    if not isinstance(text, str):
        raise fields.missing_or_wrong("string", "hash")  # TS-2
    if not text:
        raise Malformed("Empty hash parameter")  # TS-3
    try:
        digest = fields.decode_base64(text)
    except ValueError as reason:
        raise Malformed("Invalid Base64 hash string parameter") from reason  # TS-5
    oid = body.get("hashAlgo")
    try:
        algorithm = HashAlgorithm.of_oid(oid if isinstance(oid, str) else "")
    except errors.HashAlgoInvalid as reason:
        # The same words in v2, where the member keeps its old name.
        raise Malformed("Invalid parameter hashAlgo") from reason  # TS-6
    if len(digest) != algorithm.digest_bytes:
        raise errors.DigestLengthInvalid(algorithm.name)  # TS-4
    nonce = _nonce(body.get("nonce"))
    fields.common(body)
    return TimestampBody(digest, algorithm, nonce)


def render_signatures(result: SigningResult) -> dict[str, Any]:
    """What signHash answers, and signPolling for it."""
    return {"signatures": [_text(one) for one in result.signatures]}


def files_of(result: SigningResult) -> dict[str, tuple[str, ...]]:
    """Members of the answer of signDoc, each an array of files; empty ones are left out."""
    named = {"DocumentWithSignature": result.documents, "SignatureObject": result.objects}
    return {name: files for name, files in named.items() if files}


def validation_info(result: SigningResult) -> dict[str, list[str]] | None:
    """``validationInfo``; ``None`` when everything is in the signatures."""
    info = result.validation_info
    if info is None:
        return None
    named = {"ocsp": info.ocsps, "crl": info.crls, "certificates": info.certificates}
    return {name: [_text(one) for one in values] for name, values in named.items()}


def render_accepted(response_id: ResponseId) -> dict[str, Any]:
    """The answer of ``operationMode`` A."""
    return {"responseID": response_id.value}


def render_timestamp(token: bytes) -> dict[str, Any]:
    """timestamp."""
    return {"timestamp": _text(token)}


def _credential_id(body: Body) -> CredentialId:
    qualifier = fields.optional_string(body, "signatureQualifier")
    if qualifier and "credentialID" not in body:
        # No credential of ours claims a qualifier, so none can be chosen by it.
        raise Malformed("Invalid parameter credentialID")  # DOC-5
    credential_id = fields.string(body, "credentialID")  # DOC-4
    if qualifier:
        raise errors.QualifierInvalid("no credential has one")
    return CredentialId(credential_id)


class _Kept:
    """The documents of one request, within its limits."""

    def __init__(self, keep: Keep) -> None:
        self._keep, self._bytes = keep, 0

    def __call__(self, content: bytes, algorithm: HashAlgorithm | None) -> tuple[Document, bytes]:
        self._bytes += len(content)
        if len(content) > MOST_DOCUMENT_BYTES or self._bytes > MOST_REQUEST_BYTES:
            raise Malformed(_DOCUMENTS, status=413)
        return self._keep(content, algorithm)


def _parts(body: Body, keep: Keep) -> tuple[Part, ...]:
    digests, documents = body.get("documentDigests", []), body.get("documents", [])
    if not isinstance(digests, list) or not all(isinstance(one, dict) for one in digests):
        raise Malformed(_DIGESTS)
    if not isinstance(documents, list) or not all(isinstance(one, dict) for one in documents):
        raise Malformed(_DOCUMENTS)
    if not digests and not documents:
        raise Malformed("Empty documentDigests and documents objects")  # DOC-8
    if digests and documents:
        raise Malformed("Both documentDigests and documents parameters passed")  # DOC-9
    common_oid = _oid(body)
    parts = tuple(
        part
        for one in digests or documents
        for part in _element(_without_null(one), common_oid, None if digests else keep)
    )
    if len(parts) > MOST_PARTS:
        raise Malformed(_DIGESTS if digests else _DOCUMENTS)
    return parts


def _element(one: Body, common_oid: str | None, keep: Keep | None) -> list[Part]:
    """The signatures of one element: one for its document, or one for each of its digests.

    Args:
        keep: ``None`` for an element of digests.
    """
    contents = _digests(one) if keep is None else [_document(one)]
    chosen = _format(one)
    sign_algo = fields.string(one, "signAlgo")  # DOC-13
    parameters = fields.pss_parameters(one)  # DOC-14
    own_oid = _oid(one)
    if own_oid and common_oid and own_oid != common_oid:
        # v2.1.0.1 moved the member to the top of the request; clients send both.
        raise errors.HashAlgoContradicts("two values of hashAlgorithmOID")
    level = _choice(one, "conformance_level", Level) or Level.B_B
    envelope = _choice(one, "signed_envelope_property", Envelope)
    properties = _properties(one)
    hash_algo = own_oid or common_oid
    kept: list[tuple[Document | None, bytes]] = [(None, digest) for digest in contents]
    if keep is not None:
        _check_type(one)
        algorithm = algorithms.named_digest(sign_algo, hash_algo, parameters)
        kept = [keep(document, algorithm) for document in contents]
    return [
        Part(
            digest=digest,
            document=document,
            format=chosen,
            level=level,
            envelope=envelope,
            sign_algo=sign_algo,
            hash_algo=hash_algo,
            parameters=parameters,
            properties=properties,
        )
        for document, digest in kept
    ]


def _digests(one: Body) -> list[bytes]:
    hashes = one.get("hashes")
    if isinstance(hashes, str):
        hashes = [hashes]  # The standard's own samples write a bare string.
    if not isinstance(hashes, list) or not hashes:
        raise Malformed(_DIGESTS)
    return [_base64(text, "Invalid Base64 hashes string parameter") for text in hashes]  # DOC-10


def _document(one: Body) -> bytes:
    if not isinstance(one.get("document"), str):
        raise Malformed(_DOCUMENTS)
    return _base64(one["document"], "Invalid Base64 documents string parameter")  # DOC-11


def _base64(text: object, refusal: str) -> bytes:
    if isinstance(text, str) and text:
        try:
            return fields.decode_base64(text)
        except ValueError:
            pass  # Said below, as for everything else that is no base64.
    raise Malformed(refusal)


def _format(one: Body) -> Format:
    if not isinstance(one.get("signature_format"), str):
        raise fields.missing_or_wrong("string", "signature_format")  # DOC-19
    try:
        return Format(one["signature_format"])
    except ValueError as reason:
        raise Malformed("Invalid parameter signature_format") from reason  # DOC-18


def _oid(body: Body) -> str | None:
    oid = body.get("hashAlgorithmOID")
    if oid is not None and not isinstance(oid, str):
        raise Malformed("Invalid parameter hashAlgorithmOID")  # DOC-16
    return oid or None


def _choice(one: Body, name: str, kind: type[E]) -> E | None:
    """A word of ``kind``, compared without case: versions differ in how they spell it."""
    value = one.get(name)
    if value is None:
        return None
    for word in kind:
        if isinstance(value, str) and word.lower() == value.lower():
            return word
    raise Malformed(f"Invalid parameter {name}")  # DOC-20, DOC-21


def _properties(one: Body) -> tuple[tuple[Property, str], ...]:
    """``signed_props`` (DOC-22): names with base64 of their text."""
    entries = one.get("signed_props", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise errors.PropertiesInvalid(["signed_props"])
    found: dict[Property, str] = {}
    wrong: list[str] = []
    for entry in entries:
        name, value = entry.get("attribute_name"), entry.get("attribute_value")
        known = next((word for word in Property if word == name), None)
        text = _property_text(value) if known is not None else None
        if known is None or text is None or known in found:
            wrong.append(name if _is_plain(name) else "attribute_name")
        else:
            found[known] = text
    if wrong:
        raise errors.PropertiesInvalid(wrong)
    return tuple(found.items())


def _is_plain(name: object) -> bool:
    """May this be repeated in an answer?"""
    plain = isinstance(name, str) and name.isascii() and name.isprintable()
    return plain and len(str(name)) <= LONGEST_TEXT


def _property_text(value: object) -> str | None:
    """The text of a property; ``None`` when it is none that we carry."""
    try:
        text = fields.decode_base64(value).decode("utf-8") if isinstance(value, str) else ""
    except ValueError:
        return None
    return text if text.isprintable() and 0 < len(text) <= LONGEST_TEXT else None


def _check_type(one: Body) -> None:
    """``documentType`` and ``circumstantialData`` of v2.1.0.1."""
    if one.get("documentType", "sod") != "sod":
        # info announces no documentTypes: documents come as their signers have them.
        raise Malformed("Invalid parameter documentType")
    if "circumstantialData" in one:
        # Our way to prepare a document needs none, and to ignore it would be to sign another
        # representation than the one it describes.
        raise Malformed("Invalid parameter circumstantialData")


def _nonce(value: object) -> int | None:
    if value is None:
        return None
    if not isinstance(value, str) or not _HEX.fullmatch(value):
        raise Malformed("Invalid parameter nonce")  # TS-7
    return int(value, 16)


def _without_null(one: dict[str, Any]) -> Body:
    return {name: value for name, value in one.items() if value is not None}


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
