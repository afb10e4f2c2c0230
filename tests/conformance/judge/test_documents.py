"""CAdES signatures of every level, and the objects that stand in PDFs."""

from __future__ import annotations

import hashlib
import os
from datetime import timedelta
from typing import Any

import pytest

from conformance.judge import algorithms, documents
from conformance.judge.documents import Asked, Level
from conformance.judge.wrong import Wrong
from tests.conformance.judge import signed
from tests.conformance.judge.signed import asked, cades, stamp
from tests.conformance.reference import cms, evidence

TEXT = b"a short text\n"
OTHER = b"another text\n"


def said(der: bytes, wanted: Asked | None = None, content: bytes = TEXT) -> str:
    """What the judge says of a detached signature."""
    with pytest.raises(Wrong) as caught:
        documents.judge_detached(der, documents.of_bytes(content), wanted or asked())
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("AdES-B-B", Level.B),
        ("Ades-B-T", Level.T),
        ("ades-b-lt", Level.LT),
        ("AdES-B-LTA", Level.LTA),
        ("AdES-B", Level.B),
        ("AdES-T", Level.T),
        ("AdES-LT", Level.LT),
        ("AdES-LTA", Level.LTA),
        ("AdES-B-X", None),
        ("AdES", None),
        ("", None),
    ],
)
def test_levels_have_two_sets_of_names(text: str, level: Level | None) -> None:
    """Of the baseline and of the older text; case is nothing."""
    assert documents.level_of(text) is level


def test_a_good_detached_signature_passes() -> None:
    """Over the content, and over what only its digest is known of."""
    der = cades(TEXT)
    documents.judge_detached(der, documents.of_bytes(TEXT), asked())
    digest = documents.of_digest(hashlib.sha256(TEXT).digest(), algorithms.SHA256)
    documents.judge_detached(der, digest, asked())


def test_a_good_attached_signature_passes() -> None:
    """Around exactly the document that was sent."""
    documents.judge_attached(cades(TEXT, attached=True), TEXT, asked())
    with pytest.raises(Wrong, match="holds other content"):
        documents.judge_attached(cades(OTHER, attached=True), TEXT, asked())


def test_attached_and_detached_are_told_apart() -> None:
    """Each where the other was asked for."""
    assert "a detached one was asked for" in said(cades(TEXT, attached=True))
    with pytest.raises(Wrong, match="is detached"):
        documents.judge_attached(cades(TEXT), TEXT, asked())


def test_other_content_is_told() -> None:
    """By the message digest, also where the digest is by another algorithm."""
    assert "message-digest differs" in said(cades(TEXT), content=OTHER)
    long = documents.of_digest(hashlib.sha512(TEXT).digest(), algorithms.SHA512)
    with pytest.raises(Wrong, match="hashes with sha256; a digest of sha512"):
        documents.judge_detached(cades(TEXT), long, asked())


def test_the_signer_is_the_credential() -> None:
    """Neither another certificate, nor another key behind the same one."""
    assert "not made by the credential's certificate" in said(cades(TEXT, holder=signed.stranger()))
    mixed = type(signed.signer())(signed.stranger().key, signed.signer().chain)
    assert "does not verify" in said(cades(TEXT, holder=mixed))


@pytest.mark.parametrize(
    ("name", "said_of_it"),
    [
        (cms.SIGNING_CERTIFICATE_V2, "signing-certificate-v2 is missing"),
        (cms.CONTENT_TYPE, "content-type is missing"),
        (cms.MESSAGE_DIGEST, "message-digest is missing"),
        (cms.SIGNING_TIME, "signing-time is missing"),
    ],
)
def test_each_attribute_of_the_baseline_is_asked_for(name: str, said_of_it: str) -> None:
    """EN 319 122-1 6.3."""
    assert said_of_it in said(cades(TEXT, drop=frozenset({name})))


def test_the_algorithm_is_the_one_asked_for() -> None:
    """Also its digest."""
    other = asked(scheme=algorithms.scheme("1.2.840.10045.4.3.3"))
    assert "ECDSA with sha256; asked for was ECDSA with sha384" in said(cades(TEXT), other)


def test_a_time_stamp_is_asked_for_from_b_t_on() -> None:
    """Over the signature value, and made now."""
    documents.judge_detached(cades(TEXT, stamp=stamp()), documents.of_bytes(TEXT), asked(Level.T))
    assert "no signature-time-stamp" in said(cades(TEXT), asked(Level.T))
    elsewhere = cades(TEXT, stamp=lambda _: stamp()(TEXT))
    assert "over another hash" in said(elsewhere, asked(Level.T))
    late = cades(TEXT, stamp=stamp(timedelta(hours=1)))
    assert "it is" in said(late, asked(Level.T))


def test_evidence_is_asked_for_from_b_lt_on() -> None:
    """Inside, or beside in the answer."""
    bare = cades(TEXT, stamp=stamp())
    content = documents.of_bytes(TEXT)
    assert "no revocation values" in said(bare, asked(Level.LT))
    documents.judge_detached(bare, content, asked(Level.LT, evidence_beside=True))
    documents.judge_detached(
        cades(TEXT, stamp=stamp(), lists=evidence.lists()), content, asked(Level.LT)
    )


def test_an_archive_time_stamp_is_asked_for_at_b_lta() -> None:
    """As a token that is good in itself."""
    content, lists = documents.of_bytes(TEXT), evidence.lists()
    full = cades(TEXT, stamp=stamp(), lists=lists)
    assert "no archive-time-stamp-v3" in said(full, asked(Level.LTA))
    archived = cades(TEXT, stamp=stamp(), lists=lists, archive=stamp()(b"all of it"))
    documents.judge_detached(archived, content, asked(Level.LTA))
    broken = cades(TEXT, stamp=stamp(), lists=lists, archive=cades(TEXT))
    assert "without a TSTInfo" in said(broken, asked(Level.LTA))


def test_what_stands_in_a_pdf_has_its_own_rules() -> None:
    """Detached, and without a signing time; a document time-stamp may take the other's place."""

    def judge(der: bytes, wanted: Asked, **other: Any) -> None:
        documents.judge_for_pdf(der, documents.of_bytes(TEXT), wanted, **other)

    plain = cades(TEXT, with_time=False)
    judge(plain, asked())
    with pytest.raises(Wrong, match="has a signing-time"):
        judge(cades(TEXT), asked())
    with pytest.raises(Wrong, match="has to be detached"):
        judge(cades(TEXT, with_time=False, attached=True), asked())
    with pytest.raises(Wrong, match="no signature-time-stamp"):
        judge(plain, asked(Level.T))
    judge(plain, asked(Level.T), stamped=True)
    judge(cades(TEXT, with_time=False, stamp=stamp()), asked(Level.T))


@pytest.mark.parametrize(
    "garbage",
    [b"", b"\x30", b"\x30\x80" * 100_000, b"\x30\x84\x7f\xff\xff\xff", os.urandom(2**20)],
    ids=["empty", "cut", "deep", "long", "noise"],
)
def test_garbage_is_wrong_and_nothing_else(garbage: bytes) -> None:
    """Detached or attached."""
    assert said(garbage)
    with pytest.raises(Wrong):
        documents.judge_attached(garbage, TEXT, asked())


def test_every_cut_and_change_ends_as_wrong_or_well() -> None:
    """No byte of a signature makes the judge stumble."""
    good = cades(TEXT, stamp=stamp())
    for place in range(0, len(good), 11):
        for broken in (
            good[:place],
            good[:place] + bytes([good[place] ^ 0x41]) + good[place + 1 :],
        ):
            try:
                documents.judge_detached(broken, documents.of_bytes(TEXT), asked(Level.T))
            except Wrong:
                continue
