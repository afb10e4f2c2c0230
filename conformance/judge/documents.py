"""AdES signatures as CMS objects: CAdES, and what stands in a PDF for PAdES.

Judged is what a baseline level asks of the signature itself; trust and revocation are not: the
suite knows no anchors. The PDF around it is in ``pdf``.
(EN 319 122-1 6.3; EN 319 142-1 6.3; CSC v2 11.11)
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cryptography import x509

from conformance.judge import cms, timestamps
from conformance.judge.algorithms import Digest, Scheme
from conformance.judge.cms import Content, Signed
from conformance.judge.wrong import Wrong, guarded

_WHAT: Final = "The CMS signature"
_REVOCATION_VALUES: Final = "1.2.840.113549.1.9.16.2.24"
_ARCHIVE_V3: Final = "0.4.0.1733.2.4"
_LEVEL: Final = re.compile(r"ades(?:-b)?-(b|t|lt|lta)|ades-b()", re.IGNORECASE)


class Level(enum.IntEnum):
    """How much a signature carries to be verified later; each holds the one before."""

    B = 1
    T = 2
    """A time-stamp over the signature."""
    LT = 3
    """Also what is known about revocation."""
    LTA = 4
    """Also a time-stamp over that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a signature was asked to be."""

    leaf: x509.Certificate
    """Of the credential."""
    scheme: Scheme
    """Of ``signAlgo`` and its company."""
    level: Level
    now: datetime
    """When the answer came; aware."""
    evidence_beside: bool = False
    """Revocation values came with the answer (``validationInfo``)."""


def level_of(text: str) -> Level | None:
    """The level that a value of ``conformance_level`` names; None when it is none."""
    found = _LEVEL.fullmatch(text)
    if found is None:
        return None
    return Level[(found[1] or "b").upper()]


def of_bytes(content: bytes) -> Content:
    """This content, whole."""
    return lambda digest: digest.of(content)


def of_digest(value: bytes, algorithm: Digest) -> Content:
    """Content of which only a digest is known.

    The digest of another algorithm cannot be told from it: then the signature is wrong.
    """

    def known(digest: Digest) -> bytes:
        if digest != algorithm:
            raise Wrong(
                f"{_WHAT} hashes with {digest.name}; a digest of {algorithm.name} was given."
            )
        return value

    return known


def judge_detached(der: bytes, content: Content, asked: Asked) -> None:
    """Return if this is a CAdES signature beside its content, as asked.

    Raises:
        Wrong: It is not.
    """
    signed = cms.read(der, _WHAT)
    if signed.content is not None:
        raise Wrong("The CMS signature holds its content; a detached one was asked for.")
    _judge_cades(signed, content, asked)


def judge_attached(der: bytes, content: bytes, asked: Asked) -> None:
    """Return if this is a CAdES signature around exactly ``content``, as asked.

    Raises:
        Wrong: It is not.
    """
    signed = cms.read(der, _WHAT)
    if signed.content is None:
        raise Wrong("The CMS signature is detached; one with its content was asked for.")
    if signed.content != content:
        raise Wrong("The CMS signature holds other content than the document that was sent.")
    _judge_cades(signed, of_bytes(content), asked)


def judge_for_pdf(der: bytes, content: Content, asked: Asked, *, stamped: bool = False) -> Signed:
    """What stands in ``/Contents``, if it is as PAdES wants it.

    Args:
        content: The byte range.
        stamped: A document time-stamp stands around it, instead of one inside.

    Raises:
        Wrong: It is not.
    """
    signed = cms.read(der, _WHAT)
    if signed.content is not None:
        raise Wrong("The CMS signature holds its content; in a PDF it has to be detached.")
    _judge_basic(signed, content, asked)
    if cms.SIGNING_TIME in signed.signed:
        raise Wrong("The CMS signature has a signing-time; PAdES keeps the time in the PDF (/M).")
    if asked.level >= Level.T and not (stamped and cms.SIGNATURE_TIME_STAMP not in signed.unsigned):
        check_stamped(signed, asked.now)
    return signed


def _judge_cades(signed: Signed, content: Content, asked: Asked) -> None:
    _judge_basic(signed, content, asked)
    signed.only(cms.SIGNING_TIME)
    if asked.level >= Level.T:
        check_stamped(signed, asked.now)
    if asked.level >= Level.LT and not (asked.evidence_beside or _has_evidence(signed)):
        raise Wrong("The CMS signature has no revocation values; its level asks for them.")
    if asked.level >= Level.LTA:
        _check_archived(signed)


def _judge_basic(signed: Signed, content: Content, asked: Asked) -> None:
    certificate = cms.verify(signed, content, cms.DATA, _WHAT)
    if certificate != asked.leaf:
        name = certificate.subject.rfc4514_string()[:120]
        raise Wrong(f"{_WHAT} is not made by the credential's certificate but by {name}.")
    cms.check_signing_certificate(signed, certificate, v1=False)
    used = cms.scheme(signed)
    if used.kind is not asked.scheme.kind or used.digest != asked.scheme.digest:
        raise Wrong(
            f"{_WHAT} is made by {used.kind.value} with {used.digest.name}; asked for was "
            f"{asked.scheme.kind.value} with {asked.scheme.digest.name}."
        )


@guarded("The signature time-stamp")
def check_stamped(signed: Signed, now: datetime) -> None:
    """Return if the signature carries a good time-stamp over its value, made about ``now``.

    Raises:
        Wrong: None, or not such a one.
    """
    tokens = signed.unsigned.get(cms.SIGNATURE_TIME_STAMP)
    if not tokens:
        raise Wrong("The CMS signature has no signature-time-stamp; its level asks for one.")
    for token in tokens:
        stamp = timestamps.judge_over(token.dump(), of_bytes(signed.signature))
        timestamps.check_time(stamp.time, now)


def _has_evidence(signed: Signed) -> bool:
    return signed.has_revocation or _REVOCATION_VALUES in signed.unsigned


@guarded("The archive time-stamp")
def _check_archived(signed: Signed) -> None:
    """Return if there is an archive time-stamp that is a token; what it covers is not computed."""
    tokens = signed.unsigned.get(_ARCHIVE_V3)
    if not tokens:
        raise Wrong("The CMS signature has no archive-time-stamp-v3; its level asks for one.")
    for token in tokens:
        timestamps.check_token(token.dump())
