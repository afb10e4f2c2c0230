"""signatures/signDoc and signatures/timestamp of the reference (v1 11.10; v2 11.11, 11.13).

Formats C and P, levels B-B and B-T; what is covered by a SAD is the digest of the document as sent.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable
from typing import Any, Final

from tests.conformance.reference import algorithms, cms, der, parts, pdfs, sads, sign_hash, tokens
from tests.conformance.reference.accounts import Credential
from tests.conformance.reference.call import Call, method
from tests.conformance.reference.parts import Kind, Part
from tests.conformance.reference.replies import Refused, Reply, invalid, missing
from tests.conformance.reference.server import Server

_MISMATCH: Final = "Document or documentDigest does not match authorized hash"
_MIME_TYPE: Final = "0.4.0.1733.2.1"
_LONGEST_NONCE: Final = 64


def announced(server: Server) -> dict[str, Any]:
    """What v2 ``info`` says about documents."""
    formats: dict[str, Any] = {
        "formats": list(parts.FORMATS),
        "envelope_properties": [list(parts.ENVELOPES[one]) for one in parts.FORMATS],
    }
    members: dict[str, Any] = {
        "signature_formats": formats,
        "conformance_levels": list(parts.LEVELS),
    }
    if server.is_21:
        formats["allowMix"] = True
        members["documentTypes"] = ["sod", "sfd"]
    return members


@method("signatures/signDoc", 2)
async def sign_doc(call: Call) -> Reply:
    """AdES signatures over documents, or over digests of what the client keeps."""
    call.admit(credential_token=True)
    sads.named(call)
    credential = _credential(call)
    wanted = parts.read(call, credential)
    kept_ms = sign_hash.kept(call)
    call.flag("returnValidationInfo")
    call.client_data()
    sad = sads.found(call, credential)
    try:
        sads.spend(call.server, sad, [one.digest for one in wanted], wanted[0].scheme.digest)
    except Refused as refused:
        if str(refused) != sads.UNAUTHORIZED:
            raise
        raise Refused(_MISMATCH, error="invalid_hash", status=403) from None
    outcome: dict[str, list[str]] = {}
    for part in wanted:
        made = base64.b64encode(_made(call.server, part, credential)).decode()
        outcome.setdefault(part.kind.value, []).append(made)
    return sign_hash.finished(call, dict(outcome), kept_ms)


def _credential(call: Call) -> Credential:
    """Nobody's credential claims a qualifier, so none can be chosen by it."""
    qualifier = call.members.get("signatureQualifier")
    if qualifier is not None and "credentialID" not in call.members:
        raise invalid("credentialID")
    found = call.credential()
    if qualifier is not None:
        raise invalid("signatureQualifier")
    return found


def _made(server: Server, part: Part, credential: Credential) -> bytes:
    if part.format == "P" and part.document is not None:
        return _pdf(server, part, credential)
    content = part.document if part.kind is Kind.AROUND else None
    return _object(server, part, credential, part.digest, content)


def _pdf(server: Server, part: Part, credential: Credential) -> bytes:
    try:
        return pdfs.signed(
            part.document or b"",
            cms.NAMES[part.scheme.digest],
            lambda digest: _object(server, part, credential, digest, None),
            certifies=part.envelope == "Certification",
            texts=part.texts,
        )
    except pdfs.Unsignable:
        raise Refused(parts.DOCUMENTS) from None


def _object(
    server: Server, part: Part, credential: Credential, digest: bytes, content: bytes | None
) -> bytes:
    return cms.build(
        cms.Draft(
            holder=credential.holder,
            scheme=part.scheme,
            digest=digest,
            content=content,
            with_time=part.format == "C",
            attributes=_attributes(part),
            stamp=_stamp(server) if part.stamped else None,
        )
    )


def _attributes(part: Part) -> dict[str, bytes]:
    if part.format == "P" or "mime-type" not in part.texts:
        return {}
    return {_MIME_TYPE: der.text(part.texts["mime-type"])}


def _stamp(server: Server) -> Callable[[bytes], bytes]:
    """Makes the time-stamp over a signature."""

    def stamp(signature: bytes) -> bytes:
        return tokens.token(tokens.Wanted(digest=hashlib.sha256(signature).digest()))

    return stamp


@method("signatures/timestamp", 1, 2)
async def timestamp(call: Call) -> Reply:
    """A time-stamp token of our own authority."""
    call.admit()
    digest = _digest(call)
    nonce = _nonce(call)
    call.client_data()
    wanted = tokens.Wanted(digest=digest, algorithm=call.members["hashAlgo"], nonce=nonce)
    return Reply({"timestamp": base64.b64encode(tokens.token(wanted)).decode()})


def _digest(call: Call) -> bytes:
    text = call.members.get("hash")
    if not isinstance(text, str):
        raise missing("string", "hash")
    if not text:
        raise Refused("Empty hash parameter")
    try:
        digest = base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        raise Refused("Invalid Base64 hash string parameter") from None
    algorithm = call.members.get("hashAlgo")
    if algorithm not in algorithms.DIGESTS:
        raise invalid("hashAlgo")
    algorithms.measure([digest], str(algorithm))
    return digest


def _nonce(call: Call) -> int | None:
    text = call.members.get("nonce")
    if text is None:
        return None
    try:
        if not isinstance(text, str) or not 0 < len(text) <= _LONGEST_NONCE or not text.isalnum():
            raise ValueError(text)
        return int(text, 16)
    except ValueError:
        raise invalid("nonce") from None
