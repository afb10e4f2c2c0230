"""Signed PDFs, made by pyHanko and by hand: coverage, level, envelope, and what may not be."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from conformance import samples
from conformance.judge import pdf
from conformance.judge.documents import Asked, Level
from conformance.judge.wrong import Wrong
from tests.conformance.judge import signed
from tests.conformance.judge.signed import asked, cades

ORIGINAL = samples.pdf(1)


def said(data: bytes, wanted: Asked | None = None, original: bytes = ORIGINAL) -> str:
    """What the judge says."""
    with pytest.raises(Wrong) as caught:
        pdf.judge(pdf.read(data), original, wanted or asked())
    return str(caught.value)


@pytest.mark.parametrize("level", Level, ids=lambda level: level.name)
async def test_each_level_passes_at_itself_and_below(level: Level) -> None:
    """And fails above."""
    made = pdf.read(await signed.pdf(ORIGINAL, level))
    for wanted in Level:
        if wanted <= level:
            pdf.judge(made, ORIGINAL, asked(wanted))
        else:
            assert said(made.data, asked(wanted))
    pdf.check_kept(made.data, ORIGINAL)


async def test_evidence_may_come_beside() -> None:
    """As ``validationInfo``."""
    made = pdf.read(await signed.pdf(ORIGINAL, Level.T))
    assert "no /DSS" in said(made.data, asked(Level.LT))
    pdf.judge(made, ORIGINAL, asked(Level.LT, evidence_beside=True))


@pytest.mark.parametrize("certify", [True, False])
async def test_certification_and_approval_are_told_apart(certify: bool) -> None:
    """By what /Perms names."""
    made = pdf.read(await signed.pdf(ORIGINAL, Level.B, certify=certify))
    entry = pdf.judge(made, ORIGINAL, asked())
    pdf.check_envelope(entry, certification=certify)
    with pytest.raises(Wrong, match="certif"):
        pdf.check_envelope(entry, certification=not certify)


async def test_a_document_that_was_signed_before_gets_one_more() -> None:
    """The earlier signature is left alone, and is not taken for the new one."""
    first = await signed.pdf(ORIGINAL, Level.B, certify=False)
    second = await signed.pdf(first, Level.B, certify=False, field="Signature2")
    pdf.judge(pdf.read(second), first, asked())
    assert "0 signatures were added" in said(first, original=first)
    assert "2 signatures were added" in said(second, original=ORIGINAL)


def by_hand(sign: Callable[[bytes], bytes] | None = None) -> bytes:
    """The sample that awaits a signature, with one."""
    place = samples.awaiting(1)
    return place.signed((sign or (lambda covered: cades(covered, with_time=False)))(place.covered))


def test_a_signature_put_in_by_the_client_passes() -> None:
    """As with documentDigests."""
    made = pdf.read(by_hand())
    pdf.judge(made, ORIGINAL, asked())
    pdf.check_kept(made.data, ORIGINAL)
    with pytest.raises(ValueError, match="do not fit"):
        samples.awaiting(1).signed(bytes(40_000))


def test_what_stands_outside_is_told() -> None:
    """After the end, or a change inside."""
    assert "does not cover the PDF to its end: 9 bytes" in said(by_hand() + b"% more\n%\n")
    assert "message-digest differs" in said(by_hand().replace(b"200 200]", b"200 201]", 1))


def test_a_rewritten_document_is_told() -> None:
    """Its bytes are not at the beginning."""
    with pytest.raises(Wrong, match="does not begin with the bytes"):
        pdf.check_kept(by_hand(), samples.pdf(2))


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        (b"/ByteRange [0 ", b"/ByteRange [1 ", "/ByteRange is [1,"),
        (b"/ETSI.CAdES.detached", b"/adbe.pkcs7.detached", "/SubFilter is /adbe.pkcs7.detached"),
        (b"/ByteRange [0 9", b"/ByteRange [0 8", "/ByteRange leaves out more"),
    ],
)
def test_a_signature_dictionary_out_of_order_is_told(before: bytes, after: bytes, why: str) -> None:
    """Ranges and kind."""
    broken = by_hand().replace(before, after, 1)
    with pytest.raises(Wrong) as caught:
        pdf.judge(pdf.read(broken), ORIGINAL, asked())
    assert why in str(caught.value)


def test_more_than_zeros_after_the_signature_is_told() -> None:
    """Something could hide there."""
    assert "not zero" in said(by_hand(lambda covered: cades(covered, with_time=False) + b"\x01"))


def test_an_unsigned_document_is_told() -> None:
    """It came back as it went."""
    assert "0 signatures were added" in said(ORIGINAL)


@pytest.mark.parametrize(
    "garbage",
    [
        b"",
        b"PK\x03\x04",
        b"%PDF-1.7\n",
        b"%PDF-1.7\n" + b"[" * 500_000,
        b"%PDF-1.7\n" + b"<<" * 100_000 + b"startxref\n9\n%%EOF\n",
        b"%PDF-1.7\n" + os.urandom(2**20),
    ],
    ids=["empty", "zip", "header", "deep", "deeper", "noise"],
)
def test_garbage_is_wrong_and_nothing_else(garbage: bytes) -> None:
    """Whatever comes back as a PDF."""
    with pytest.raises(Wrong):
        pdf.read(garbage)


def test_every_cut_and_change_ends_as_wrong_or_well() -> None:
    """Of the parts that are no zeros."""
    good = by_hand()
    filler = good.index(b"0" * 64)
    for place in [*range(0, filler, 17), *range(len(good) - 260, len(good), 5)]:
        for broken in (
            good[:place],
            good[:place] + bytes([good[place] ^ 0x11]) + good[place + 1 :],
        ):
            try:
                pdf.judge(pdf.read(broken), ORIGINAL, asked())
            except Wrong:
                continue
