"""signatures/signDoc and signatures/timestamp of the reference (v1 11.10; v2 11.11, 11.13).

Formats C and P at all levels; what is covered by a SAD is the digest of the document as sent.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from tests.conformance.reference import (
    algorithms,
    cms,
    der,
    evidence,
    parts,
    sads,
    sign_hash,
    signed,
    tokens,
)
from tests.conformance.reference.accounts import Credential
from tests.conformance.reference.call import Call, method
from tests.conformance.reference.parts import Kind, Part
from tests.conformance.reference.replies import Refused, Reply, invalid, missing
from tests.conformance.reference.server import Sad, Server
from tests.conformance.reference.tokens import Wanted

MISMATCH: Final = "Document or documentDigest does not match authorized hash"
QUALIFIER: Final = "eu_eidas_aes"
"""Of all credentials."""
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
    with_info = call.flag("returnValidationInfo")
    call.client_data()
    sad = sads.found(call, credential)
    if not call.server.wrong("sign-doc-unbound"):
        _spend(call.server, sad, wanted)
    outcome = _outcome(call.server, wanted, credential)
    if (with_info or call.server.wrong("sign-doc-info-always")) and not call.server.wrong(
        "sign-doc-info-never"
    ):
        outcome["validationInfo"] = evidence.validation_info()
    if call.server.wrong("sign-doc-never-later"):
        kept_ms = None
    return sign_hash.finished(call, outcome, kept_ms)


def _spend(server: Server, sad: Sad, wanted: Sequence[Part]) -> None:
    try:
        sads.spend(server, sad, [one.digest for one in wanted], wanted[0].scheme.digest)
    except Refused as refused:
        if str(refused) != sads.UNAUTHORIZED:
            raise
        raise Refused(MISMATCH, error="invalid_hash", status=403) from None


def _outcome(server: Server, wanted: Sequence[Part], credential: Credential) -> dict[str, Any]:
    """The members of the answer."""
    found: dict[str, list[str]] = {}
    for part in wanted:
        made = base64.b64encode(signed.made(server, part, credential)).decode()
        around = part.kind is Kind.AROUND or server.wrong("sign-doc-around")
        found.setdefault((Kind.AROUND if around else Kind.BESIDE).value, []).append(made)
    if server.wrong("sign-doc-order"):
        found = {name: texts[::-1] for name, texts in found.items()}
    if server.wrong("sign-doc-lines"):
        found = {name: [_cut(one) for one in texts] for name, texts in found.items()}
    return dict(found)


def _cut(text: str) -> str:
    return f"{text[:64]}\n{text[64:]}"


def _credential(call: Call) -> Credential:
    """The one that is named, or the one of the SAD if it has the qualifier that is named."""
    qualifier = call.members.get("signatureQualifier")
    if qualifier not in (None, QUALIFIER) or (
        qualifier and call.server.wrong("sign-doc-qualifier")
    ):
        raise invalid("signatureQualifier")
    if qualifier is None or "credentialID" in call.members:
        return call.credential()
    sad = call.server.sads.get(sads.named(call)) or call.token.sad
    if sad is None:
        raise invalid("SAD")
    return sad.credential


@method("signatures/timestamp", 1, 2)
async def timestamp(call: Call) -> Reply:
    """A time-stamp token of our own authority."""
    call.admit()
    digest = _digest(call)
    nonce = _nonce(call)
    call.client_data()
    oid = str(call.members["hashAlgo"])
    token = _token(call.server, tokens.Wanted(digest=digest, algorithm=oid, nonce=nonce))
    text = base64.b64encode(token).decode()
    return Reply({"timestamp": _cut(text) if call.server.wrong("timestamp-lines") else text})


def _token(server: Server, wanted: Wanted) -> bytes:
    if server.wrong("timestamp-again"):
        hashed = hashlib.new(cms.NAMES[wanted.algorithm], wanted.digest).digest()
        wanted = replace(wanted, digest=hashed)
    if server.wrong("timestamp-nonce-lost"):
        wanted = replace(wanted, nonce=None)
    if server.wrong("timestamp-late"):
        wanted = replace(wanted, late=timedelta(hours=1))
    if server.wrong("timestamp-usage"):
        wanted = replace(wanted, critical=False)
    if server.wrong("timestamp-no-attribute"):
        wanted = replace(wanted, drop=frozenset({cms.SIGNING_CERTIFICATE_V2}))
    token = tokens.token(wanted)
    if server.wrong("timestamp-kept"):
        token = server.spare.setdefault(f"token {wanted}", token)
    if server.wrong("timestamp-response"):
        granted = der.sequence(der.integer(0))
        return der.sequence(granted, token)
    if server.wrong("timestamp-bare"):
        return token.replace(der.tagged(0xA0, *tokens.unit().der()), b"")
    return token


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
    if not call.server.wrong("timestamp-length-any"):
        algorithms.measure(call, [digest], str(algorithm))
    return digest


def _nonce(call: Call) -> int | None:
    text = call.members.get("nonce")
    if text is None:
        if call.server.wrong("timestamp-nonce-needed"):
            raise invalid("nonce")
        return None
    try:
        if not isinstance(text, str) or not 0 < len(text) <= _LONGEST_NONCE or not text.isalnum():
            raise ValueError(text)
        decimal = call.server.wrong("timestamp-nonce-decimal") and text.isdigit()
        return int(text, 10 if decimal else 16)
    except ValueError:
        if call.server.wrong("timestamp-nonce-any"):
            return None
        raise invalid("nonce") from None
