"""Signatures after signatures: certification, locks, fields by name; pyHanko judges the result."""

from __future__ import annotations

import io
from typing import Any

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import async_validate_pdf_signature
from pyhanko_certvalidator.context import ValidationContext

from ades.levels import raising
from ades.pdf import intake
from policies import errors
from policies.pdf import FieldLock, LockAction, Permission, SignatureKind, Unfit
from policies.pdf_signing import Place
from tests.ades import pdfs
from tests.ades.gate import Gate
from tests.ades.office import Office
from tests.pki.golden import NOW

PLAIN = pdfs.plain()
APPROVAL = Place(None, None)
CERTIFY = Place(None, Permission.FORMS_AND_SIGNATURES)
FORM = pdfs.plain(
    catalog=b"/AcroForm << /Fields [6 0 R 7 0 R 8 0 R 9 0 R] >>",
    page=b"/Annots [6 0 R 7 0 R 8 0 R 9 0 R]",
    more={
        6: b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (Seller) /P 3 0 R"
        b" /Rect [50 50 200 100] /Lock << /Action /Include /Fields [(Sum)] >> >>",
        7: b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (Buyer) /P 3 0 R"
        b" /Rect [250 50 400 100] /Lock << /Action /All >> >>",
        8: b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (Sum) /V (100) /P 3 0 R"
        b" /Rect [50 150 200 170] >>",
        9: b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (Last) /P 3 0 R"
        b" /Rect [50 250 200 270] /Lock << /Action /Include /Fields [] /P 1 >> >>",
    },
)


async def judged(document: bytes, gate: Gate) -> list[bool]:
    """Of each signature whether pyHanko trusts it, with everything that came after it."""
    reader = PdfFileReader(io.BytesIO(document))
    context: dict[str, Any] = {"trust_roots": [gate.root], "allow_fetching": False, "moment": NOW}
    return [
        (await async_validate_pdf_signature(one, ValidationContext(**context))).bottom_line
        for one in reader.embedded_regular_signatures
    ]


async def refused(office: Office, document: bytes, place: Place) -> Unfit:
    """Why the document does not get this signature."""
    with pytest.raises(errors.DocumentUnfit) as reason:
        await office.sign_pdf(document, place=place)
    return reason.value.why


async def test_a_certified_document_takes_signatures_where_it_says_so(
    office: Office, gate: Gate
) -> None:
    """P2 takes two more, P1 none; what was signed before stays valid."""
    document = await office.sign_pdf(PLAIN, place=CERTIFY)
    for _ in range(2):
        document = await office.sign_pdf(document, place=APPROVAL)
    assert await judged(document, gate) == [True, True, True]
    kinds = [one.kind for one in intake.inspect(io.BytesIO(document), thorough=False).signatures]
    assert kinds == [SignatureKind.CERTIFICATION, *[SignatureKind.APPROVAL] * 2]
    closed = await office.sign_pdf(PLAIN, place=Place(None, Permission.NOTHING))
    assert await judged(closed, gate) == [True]
    assert await refused(office, closed, APPROVAL) is Unfit.NO_CHANGES
    for again in (CERTIFY, Place(None, Permission.NOTHING)):
        with pytest.raises(errors.EnvelopeInvalid):
            await office.sign_pdf(document, place=again)


async def test_fields_by_name_lock_what_they_say(office: Office, gate: Gate) -> None:
    """The lock of a field goes into its signature; the fields it names take nothing more."""
    seller = await office.sign_pdf(FORM, place=Place("Seller", None))
    found = intake.inspect(io.BytesIO(seller), thorough=False)
    assert [(one.field, one.lock) for one in found.signatures] == [
        ("Seller", FieldLock(LockAction.INCLUDE, ("Sum",)))
    ]
    assert await refused(office, seller, Place("Seller", None)) is Unfit.FIELD_TAKEN
    assert await refused(office, seller, Place("Witness", None)) is Unfit.NO_SUCH_FIELD
    both = await office.sign_pdf(seller, place=Place("Buyer", None))
    assert await judged(both, gate) == [True, True]
    for place in (APPROVAL, Place("Last", None)):
        assert await refused(office, both, place) is Unfit.LOCKED


async def test_locked_documents_still_reach_the_archive(office: Office, gate: Gate) -> None:
    """A lock on everything is no lock on time-stamps."""
    everything = await office.sign_pdf(FORM, place=Place("Buyer", None), stamped=True)
    file = io.BytesIO(everything)
    await raising.pdf_to_lta(file, office, office)
    assert await judged(file.getvalue(), gate) == [True]
    assert await gate.archived(file.getvalue()) == "OK"


async def test_a_field_may_close_the_document(office: Office, gate: Gate) -> None:
    """``/Lock`` with ``/P 1`` (PDF 2.0): its approval signature is the last."""
    last = await office.sign_pdf(FORM, place=Place("Last", None))
    assert await judged(last, gate) == [True]
    assert await refused(office, last, APPROVAL) is Unfit.NO_CHANGES


async def test_a_certification_in_a_field_keeps_the_stricter_limit(office: Office) -> None:
    """Asked for P2 in a field that says P1: P1."""
    made = await office.sign_pdf(FORM, place=Place("Last", Permission.FORMS_AND_SIGNATURES))
    (found,) = intake.inspect(io.BytesIO(made), thorough=False).signatures
    assert (found.kind, found.permission) == (SignatureKind.CERTIFICATION, Permission.NOTHING)


async def test_new_fields_do_not_take_locked_names(office: Office, gate: Gate) -> None:
    """A lock that names fields to come is not broken by a new field of such a name."""
    field = (
        b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (A) /P 3 0 R /Rect [0 0 0 0]"
        b" /Lock << /Action /Include /Fields [(Signature1) (Signature2)] >> >>"
    )
    form = b"/AcroForm << /Fields [6 0 R] >>"
    document = pdfs.plain(catalog=form, page=b"/Annots [6 0 R]", more={6: field})
    document = await office.sign_pdf(document, place=Place("A", None))
    document = await office.sign_pdf(document, place=APPROVAL)
    found = intake.inspect(io.BytesIO(document), thorough=False)
    assert [one.field for one in found.signatures] == ["A", "Signature3"]
    assert await judged(document, gate) == [True, True]


async def test_what_honest_signatures_leave_is_not_cautioned(office: Office) -> None:
    """Signed, with evidence, archived, signed again: no word about later revisions."""
    file = io.BytesIO(await office.sign_pdf(PLAIN, stamped=True))
    await raising.pdf_to_lt(file, office)
    for document in (file.getvalue(), await office.sign_pdf(file.getvalue())):
        assert intake.inspect(io.BytesIO(document), thorough=True).cautions == frozenset()
    await raising.pdf_to_lta(file, office, office)
    assert intake.inspect(file, thorough=True).cautions == frozenset()
