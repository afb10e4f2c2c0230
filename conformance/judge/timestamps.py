"""Time-stamp tokens: is this one over these bytes, made now, by a unit that may?

The authority itself is not judged: the suite knows no anchors. (RFC 3161 2.3, 2.4.2; RFC 5816 2.2;
EN 319 422 5.2)
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from asn1crypto import parser, tsp
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from conformance.judge import algorithms, cms
from conformance.judge.cms import Content, Signed
from conformance.judge.wrong import Wrong, guarded

CLOCKS_DIFFER: Final = timedelta(minutes=5)
"""Between the authority's clock and that of the machine that runs the suite."""
_WHAT: Final = "The time-stamp token"
_SEQUENCE: Final = 16


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a good token says."""

    time: datetime
    """Aware, UTC."""
    algorithm: str
    """OID of the digest in the imprint."""
    nonce: int | None
    certificate: x509.Certificate
    """Of the unit that made it."""


@dataclass(frozen=True, slots=True)
class _Token:
    """Taken apart."""

    signed: Signed
    info: Any


@guarded(_WHAT)
def judge(token: bytes, digest: bytes, hash_algo: str, nonce: str, now: datetime) -> Stamp:
    """What a token says that was asked for with these members.

    Args:
        hash_algo: OID, as in the request.
        nonce: Hexadecimal, as in the request; empty when none was sent.
        now: When the answer came; aware.

    Raises:
        Wrong: It is no good token, or another one than was asked for.
        Unusual: It holds no certificate to verify it with.
    """
    found = _read(token)
    said = found.info["message_imprint"]["hash_algorithm"]["algorithm"].dotted
    if said != hash_algo:
        raise Wrong(f"{_WHAT} is over a digest by {said}; {hash_algo} was asked for.")
    stamp = _judge(found, lambda _: digest)
    check_time(stamp.time, now)
    if nonce and stamp.nonce is None:
        raise Wrong(f"{_WHAT} has no nonce; {nonce} was asked for.")
    if nonce and stamp.nonce != int(nonce, 16):
        raise Wrong(f"{_WHAT} has the nonce {stamp.nonce:x}; {nonce} was asked for.")
    return stamp


def judge_over(token: bytes, content: Content) -> Stamp:
    """What a token inside a signature says, whichever digest it chose.

    Raises:
        Wrong: No good token, or over something else.
        Unusual: It holds no certificate to verify it with.
    """
    return _judge(_read(token), content)


@guarded(_WHAT)
def check_token(token: bytes) -> None:
    """Return if the token is good in itself; what it is over is not looked at.

    Raises:
        Wrong: It is not.
        Unusual: It holds no certificate to verify it with.
    """
    found = _read(token)
    imprint = bytes(found.info["message_imprint"]["hashed_message"].native)
    _judge(found, lambda _: imprint)


def check_time(time: datetime, now: datetime) -> None:
    """Return if the token was made about ``now``.

    Raises:
        Wrong: More than ``CLOCKS_DIFFER`` away.
    """
    if abs(time - now) > CLOCKS_DIFFER:
        raise Wrong(f"{_WHAT} says {time:%Y-%m-%d %H:%M:%S} UTC; it is {now:%Y-%m-%d %H:%M:%S}.")


@guarded(_WHAT)
def _read(token: bytes) -> _Token:
    if _is_response(token):
        raise Wrong("This is a whole TimeStampResp; the API asks for the token inside it.")
    signed = cms.read(token, _WHAT)
    if signed.content_type != cms.TST_INFO or signed.content is None:
        raise Wrong(f"{_WHAT} is a CMS signature without a TSTInfo.")
    return _Token(signed, tsp.TSTInfo.load(signed.content, strict=True))


def _is_response(token: bytes) -> bool:
    """A TimeStampResp begins with a SEQUENCE, its status; a ContentInfo with an OID."""
    _, _, tag, _, content, _ = parser.parse(token)
    return bool(tag == _SEQUENCE) and content[:1] == b"\x30"


@guarded(_WHAT)
def _judge(token: _Token, content: Content) -> Stamp:
    info, signed = token.info, token.signed
    inside = signed.content or b""
    certificate = cms.verify(signed, lambda digest: digest.of(inside), cms.TST_INFO, _WHAT)
    cms.check_signing_certificate(signed, certificate, v1=True)
    if info["version"].native != "v1":
        raise Wrong(f"{_WHAT} has the version {info['version'].native}, not 1.")
    imprint = info["message_imprint"]
    algorithm = imprint["hash_algorithm"]["algorithm"].dotted
    if bytes(imprint["hashed_message"].native) != content(algorithms.digest_of(algorithm)):
        raise Wrong(f"{_WHAT} is over another hash: its imprint differs.")
    time = info["gen_time"].native.astimezone(UTC)
    _check_unit(certificate, time)
    nonce = info["nonce"].native
    return Stamp(time, algorithm, nonce, certificate)


def _check_unit(certificate: x509.Certificate, time: datetime) -> None:
    """Return if the certificate is one of a time-stamping unit, at its time (RFC 3161 2.3)."""
    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except x509.ExtensionNotFound as reason:
        raise Wrong(f"{_WHAT} is signed by a key without extendedKeyUsage.") from reason
    if list(usage.value) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        raise Wrong(f"{_WHAT} is signed by a key that is not for timeStamping alone.")
    if not usage.critical:
        raise Wrong("extendedKeyUsage of the time-stamping certificate is not critical.")
    if not certificate.not_valid_before_utc <= time <= certificate.not_valid_after_utc:
        raise Wrong(f"{_WHAT} was made outside of the time of its certificate.")
