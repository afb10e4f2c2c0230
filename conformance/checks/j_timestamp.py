"""signatures/timestamp: its error rows, and tokens verified as they were asked for."""

from __future__ import annotations

import functools
from datetime import UTC, datetime
from typing import Any, Final

from conformance import rows
from conformance.answer import Answer, decoded
from conformance.dialect import encoded
from conformance.errors import NotApplicable, Violation
from conformance.judge import algorithms, timestamps
from conformance.judge.algorithms import SHA256, Digest
from conformance.judge.timestamps import Stamp
from conformance.judge.wrong import Unusual
from conformance.model import Level
from conformance.recording import note
from conformance.registry import check
from conformance.target import ABSENT, Target, changed

_METHOD: Final = "signatures/timestamp"
_check = functools.partial(check, group=_METHOD, v1="11.10", v2="11.13", methods=(_METHOD,))
_NO_HASH: Final = "Missing (or invalid type) string parameter hash"
_NONCE: Final = "9F3A5C0021D7B6E4"


def _body(target: Target, **changes: object) -> dict[str, Any]:
    """Of a request for a token over a new hash."""
    return changed(_plain(target, SHA256), changes)


def _plain(target: Target, digest: Digest) -> dict[str, Any]:
    value = digest.of(target.digests()[0])
    return {"hash": encoded([value])[0], "hashAlgo": digest.oid, "nonce": _NONCE}


async def _refused(target: Target, *texts: str, **changes: object) -> None:
    """timestamp with ``changes`` is 400 ``invalid_request``."""
    (await target.call(_METHOD, _body(target, **changes))).refused(*texts)


# --- error rows -----------------------------------------------------------------------------------


@_check(
    "timestamp.header-malformed",
    Level.SHALL,
    expects="A header that is not `Bearer …` is refused.",
    mend="Answer 400 `invalid_request`.",
)
async def header_malformed(target: Target) -> None:
    await rows.malformed_header(target, _METHOD, _body(target))


@_check(
    "timestamp.header-missing",
    Level.SHALL,
    expects="A call without a header is refused.",
    mend="Answer 400 `invalid_request`.",
)
async def header_missing(target: Target) -> None:
    await rows.missing_header(target, _METHOD, _body(target))


@_check(
    "timestamp.token-unknown",
    Level.SHALL,
    expects="A token that was never given out is refused.",
    mend="Answer 401 `invalid_token`.",
)
async def token_unknown(target: Target) -> None:
    await rows.unknown_token(target, _METHOD, _body(target))


@_check(
    "timestamp.hash-missing",
    Level.SHALL,
    expects="A call without a text `hash` is refused.",
    mend=f"Answer 400, `{_NO_HASH}`.",
)
async def hash_missing(target: Target) -> None:
    for value in (ABSENT, 17, ["AAAA"]):
        await _refused(target, _NO_HASH, hash=value)


@_check(
    "timestamp.hash-empty",
    Level.SHALL,
    expects="An empty `hash` is refused.",
    mend="Answer 400, `Empty hash parameter`.",
)
async def hash_empty(target: Target) -> None:
    await _refused(target, "Empty hash parameter", hash="")


@_check(
    "timestamp.hash-base64",
    Level.SHALL,
    expects="A `hash` that is not base64 is refused.",
    mend="Answer 400, `Invalid Base64 hash string parameter`.",
)
async def hash_base64(target: Target) -> None:
    await _refused(target, "Invalid Base64 hash string parameter", hash="not base64!")


@_check(
    "timestamp.hash-length",
    Level.SHALL,
    expects="A `hash` that is not as long as those of its algorithm is refused.",
    mend="Answer 400, `Invalid digest value length`.",
)
async def hash_length(target: Target) -> None:
    for length in (20, 31, 48):
        value = encoded([bytes(length)])[0]
        await _refused(target, "Invalid digest value length", hash=value)


@_check(
    "timestamp.algo-missing",
    Level.SHALL,
    expects="A call without a text `hashAlgo` is refused.",
    mend="Answer 400, `Invalid parameter hashAlgo`.",
)
async def algo_missing(target: Target) -> None:
    for value in (ABSENT, 17):
        await _refused(target, "Invalid parameter hashAlgo", hashAlgo=value)


@_check(
    "timestamp.algo-unknown",
    Level.SHALL,
    expects="A `hashAlgo` that is no digest is refused.",
    mend="Answer 400, `Invalid parameter hashAlgo`.",
)
async def algo_unknown(target: Target) -> None:
    for value in ("1.2.3.4", "SHA-256", "1.2.840.113549.1.1.11"):
        await _refused(target, "Invalid parameter hashAlgo", hashAlgo=value)


@_check(
    "timestamp.algo-weak",
    Level.OURS,
    expects="SHA-1 and MD5 are not time-stamped.",
    mend="Answer 400, `Invalid parameter hashAlgo`: another document may have the same hash.",
)
async def algo_weak(target: Target) -> None:
    for oid, length in ((algorithms.SHA1_OID, 20), ("1.2.840.113549.2.5", 16)):
        value = encoded([bytes(length)])[0]
        await _refused(target, "Invalid parameter hashAlgo", hash=value, hashAlgo=oid)


@_check(
    "timestamp.nonce-invalid",
    Level.SHALL,
    expects="A `nonce` that is no hexadecimal number is refused.",
    mend="Answer 400, `Invalid parameter nonce`.",
)
async def nonce_invalid(target: Target) -> None:
    for value in ("conformance", "12 34", 17):
        await _refused(target, "Invalid parameter nonce", nonce=value)


@_check(
    "timestamp.client-data-type",
    Level.OURS,
    expects="A `clientData` that is no text is refused.",
    mend="Answer 400, `Invalid parameter clientData`, as signHash does.",
)
async def client_data_type(target: Target) -> None:
    await _refused(target, "Invalid parameter clientData", clientData=7)


# --- tokens ---------------------------------------------------------------------------------------


async def _stamped(target: Target, body: dict[str, Any]) -> Stamp:
    """The token for ``body``, judged as it was asked for."""
    token = _token(await target.call(_METHOD, body))
    digest = decoded(body["hash"], "our own hash")
    now = datetime.now(UTC)
    return timestamps.judge(token, digest, body["hashAlgo"], body.get("nonce", ""), now)


def _token(answer: Answer) -> bytes:
    return decoded(str(answer.succeeded().member("timestamp", str)), "`timestamp`")


async def _judged(target: Target, body: dict[str, Any]) -> Stamp | None:
    """As ``_stamped``; None where the token holds nothing to verify it with, which is noted."""
    try:
        return await _stamped(target, body)
    except Unusual as unusual:
        note(str(unusual))
        return None


@_check(
    "timestamp.verifies",
    Level.SHALL,
    expects="The token is over the hash, made now, by a time-stamping unit, with our nonce.",
    mend="Send the ContentInfo of RFC 3161, not the TimeStampResp; ask with certReq.",
)
async def verifies(target: Target) -> None:
    await _judged(target, _body(target))


@_check(
    "timestamp.nonce-absent",
    Level.SHALL,
    expects="Without `nonce` a token is made as well.",
    mend="The member is optional.",
)
async def nonce_absent(target: Target) -> None:
    await _judged(target, _body(target, nonce=ABSENT))


@_check(
    "timestamp.nonce-forms",
    Level.SHALL,
    expects="Short and long nonces in small letters come back in the token as the same number.",
    mend="Read the text as a hexadecimal number.",
)
async def nonce_forms(target: Target) -> None:
    for value in ("0a", "9f3a5c0021", "1234567890", "f" * 32):
        await _judged(target, _body(target, nonce=value))


async def _over(target: Target, digest: Digest) -> None:
    """A token over a longer hash, where the server takes such ones."""
    body = _plain(target, digest)
    answer = await target.call(_METHOD, body)
    if answer.status == 400:
        raise NotApplicable(f"the server does not time-stamp {digest.name}")
    now = datetime.now(UTC)
    value = decoded(body["hash"], "our own hash")
    try:
        timestamps.judge(_token(answer), value, digest.oid, _NONCE, now)
    except Unusual as unusual:
        note(str(unusual))


@_check(
    "timestamp.sha384",
    Level.SHALL,
    expects="A token over a SHA-384 hash has it in its imprint.",
    mend="hashAlgo and hash go into the MessageImprint as they are.",
)
async def sha384(target: Target) -> None:
    await _over(target, algorithms.SHA384)


@_check(
    "timestamp.sha512",
    Level.SHALL,
    expects="A token over a SHA-512 hash has it in its imprint.",
    mend="hashAlgo and hash go into the MessageImprint as they are.",
)
async def sha512(target: Target) -> None:
    await _over(target, algorithms.SHA512)


@_check(
    "timestamp.own",
    Level.OURS,
    expects="Two requests for the same hash are two tokens.",
    mend="Make a token for each request; an old one says an old time.",
)
async def own(target: Target) -> None:
    body = _body(target, nonce=ABSENT)
    first, second = [_token(await target.call(_METHOD, body)) for _ in range(2)]
    if first == second:
        raise Violation("the same token came twice")


@_check(
    "timestamp.certificate",
    Level.OURS,
    expects="The token holds the certificate that it is to be verified with.",
    mend="Ask the authority with certReq true.",
)
async def certificate(target: Target) -> None:
    await _stamped(target, _body(target))


@_check(
    "timestamp.lenient",
    Level.OURS,
    expects="Members that are null or unknown do not matter.",
    mend="Take null for absent, and skip what you do not know.",
)
async def lenient(target: Target) -> None:
    body = _body(target, nonce=None, clientData="conformance", conformance=[1])
    _token(await target.call(_METHOD, body))
