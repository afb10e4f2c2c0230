"""PDF intake: each refusal by its reason, the facts, and what a signer is cautioned about."""

from __future__ import annotations

import io
import random
import zlib
from typing import Any

import pytest
from pyhanko.pdf_utils.misc import PdfReadError

from ades.pdf import fields, intake, reading
from policies import errors
from policies.pdf import (
    MOST_DEPTH,
    MOST_OBJECTS,
    STREAM_LIMIT,
    Caution,
    EmptyField,
    FieldLock,
    LockAction,
    PdfFacts,
    PdfSignature,
    Permission,
    SignatureKind,
    Unfit,
)
from tests.ades import pdfs

PLAIN = pdfs.plain()


def look(document: bytes, *, thorough: bool = True) -> PdfFacts:
    """The facts."""
    return intake.inspect(io.BytesIO(document), thorough=thorough)


def why(document: bytes, *, thorough: bool = False) -> Unfit:
    """The reason of a refusal."""
    with pytest.raises(errors.DocumentUnfit) as refused:
        look(document, thorough=thorough)
    return refused.value.why


def on_opening(action: bytes) -> dict[str, bytes]:
    """The places where an action runs by itself."""
    return {
        "opening": pdfs.plain(catalog=b"/OpenAction " + action),
        "closing": pdfs.plain(catalog=b"/AA << /WC %s >>" % action),
        "page": pdfs.plain(page=b"/AA << /O %s >>" % action),
        "annotation": pdfs.plain(page=b"/Annots [<< /Subtype /Link /AA << /PO %s >> >>]" % action),
        "chained": pdfs.plain(
            catalog=b"/OpenAction << /S /GoTo /D [3 0 R /Fit] /Next [%s] >>" % action
        ),
    }


BAD = {
    "nothing": (b"", Unfit.NO_HEADER),
    "text": (b"A contract", Unfit.NO_HEADER),
    "header alone": (b"%PDF-1.7\n", Unfit.BROKEN),
    "half": (PLAIN[: len(PLAIN) // 2], Unfit.BROKEN),
    "rubbish before": (b"MZ" + PLAIN, Unfit.NO_HEADER),
    "white space before": (b"\n" + PLAIN, Unfit.NO_HEADER),
    "rubbish for a KiB": (bytes(1100) + PLAIN, Unfit.NO_HEADER),
    "no pages": (
        pdfs.file(pdfs.objects() | {2: b"<< /Type /Pages /Kids [] /Count 0 >>"}),
        Unfit.EMPTY,
    ),
    "pages miscounted": (
        pdfs.file(pdfs.objects() | {2: b"<< /Type /Pages /Kids [3 0 R] /Count 2 >>"}),
        Unfit.BROKEN,
    ),
    "pages in a circle": (
        pdfs.file(pdfs.objects() | {2: b"<< /Type /Pages /Kids [2 0 R] /Count 1 >>"}),
        Unfit.BROKEN,
    ),
    "no catalog": (pdfs.file(pdfs.objects() | {1: b"42"}), Unfit.BROKEN),
    "encrypted": (
        pdfs.file(pdfs.objects(more={6: b"<< /Filter /Standard /V 5 >>"}), b"/Encrypt 6 0 R"),
        Unfit.ENCRYPTED,
    ),
    "XFA": (pdfs.plain(catalog=b"/AcroForm << /Fields [] /XFA [] >>"), Unfit.XFA),
    "dynamic XFA": (pdfs.plain(catalog=b"/NeedsRendering true"), Unfit.XFA),
    "too many objects": (
        pdfs.file(pdfs.objects(), b"/Size %d" % (MOST_OBJECTS + 1)).replace(b"/Size 6 ", b""),
        Unfit.TOO_MANY_OBJECTS,
    ),
    "scripts of the document": (
        pdfs.plain(catalog=b"/Names << /JavaScript << /Names [] >> >>"),
        Unfit.SCRIPT,
    ),
    "media": (pdfs.plain(page=b"/Annots [<< /Subtype /RichMedia >>]"), Unfit.MEDIA),
    "a lock without action": (
        pdfs.plain(
            catalog=b"/AcroForm << /Fields [6 0 R] >>",
            more={6: b"<< /FT /Sig /T (S) /Lock << /Fields [] >> >>"},
        ),
        Unfit.BROKEN,
    ),
    "fields in a circle": (
        pdfs.plain(
            catalog=b"/AcroForm << /Fields [6 0 R] >>",
            more={6: b"<< /T (A) /Kids [6 0 R] >>"},
        ),
        Unfit.BROKEN,
    ),
}


@pytest.mark.parametrize(("document", "reason"), BAD.values(), ids=BAD.keys())
def test_refused_by_reason(document: bytes, reason: Unfit) -> None:
    """Each document that cannot be signed is refused for what is wrong with it."""
    assert why(document) is reason


@pytest.mark.parametrize(
    ("action", "reason"),
    [
        (b"<< /S /JavaScript /JS (app.alert\\(1\\)) >>", Unfit.SCRIPT),
        (b"<< /S /Launch /F (calc.exe) >>", Unfit.ACTION),
        (b"<< /S /URI /URI (http://example.com) >>", Unfit.ACTION),
        (b"<< /S /SubmitForm /F (http://example.com) >>", Unfit.ACTION),
        (b"<< /S /GoToR /F (other.pdf) >>", Unfit.ACTION),
    ],
)
def test_nothing_runs_by_itself(action: bytes, reason: Unfit) -> None:
    """Actions that leave the document are refused wherever they run without being asked for."""
    assert {
        place: why(document) for place, document in on_opening(action).items()
    } == dict.fromkeys(on_opening(action), reason)


def test_a_chain_of_actions_without_end() -> None:
    """Actions that follow one another in a circle end in a refusal."""
    loop = {6: b"<< /S /GoTo /D [3 0 R /Fit] /Next 6 0 R >>"}
    assert why(pdfs.plain(catalog=b"/OpenAction 6 0 R", more=loop)) is Unfit.ACTION


def test_harmless_documents_are_taken() -> None:
    """Destinations, links, scripts that wait for a click, empty dictionaries, many revisions."""
    link = b"<< /Subtype /Link /A << /S /URI /URI (http://example.com) >> /AA << >> >>"
    for document in (
        PLAIN,
        pdfs.plain(catalog=b"/OpenAction [3 0 R /Fit] /Names << >> /AA << >> /AcroForm << >>"),
        pdfs.plain(catalog=b"/OpenAction << /S /GoTo /D [3 0 R /Fit] >>"),
        pdfs.plain(page=b"/Annots [%s]" % link),
        pdfs.file(pdfs.objects(), version=b"2.0"),
        pdfs.book(3, streams=True, version=(1, 5)),
    ):
        assert look(document).pages in (1, 3)


def test_size_pages_fields_and_depth_have_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """One more than each limit is refused, the limit itself is not."""
    monkeypatch.setattr(intake, "MOST_PDF_BYTES", len(PLAIN))
    assert look(PLAIN)
    assert why(PLAIN + b"\n") is Unfit.TOO_LARGE
    monkeypatch.undo()
    monkeypatch.setattr(reading, "MOST_SIGNED_BYTES", len(PLAIN))
    assert why(PLAIN + b"\n") is Unfit.TOO_LARGE
    monkeypatch.undo()
    monkeypatch.setattr(intake, "MOST_PAGES", 20)
    assert look(pdfs.book(20), thorough=False).pages == 20
    assert why(pdfs.book(21)) is Unfit.TOO_MANY_PAGES
    monkeypatch.setattr(fields, "MOST_FIELDS", 2)
    form = b"/AcroForm << /Fields [%s] >>"
    field = b"<< /FT /Sig /T (S%d) >>"
    numbered = {6 + number: field % number for number in range(4)}
    assert look(pdfs.plain(catalog=form % b"6 0 R 7 0 R", more=numbered), thorough=False)
    four = pdfs.plain(catalog=form % b"6 0 R 7 0 R 8 0 R 9 0 R", more=numbered)
    assert why(four) is Unfit.TOO_MANY_FIELDS
    for depth, taken in ((MOST_DEPTH - 3, True), (MOST_DEPTH + 1, False), (5_000, False)):
        nested = pdfs.plain(catalog=b"/Deep " + b"[" * depth + b"]" * depth)
        if taken:
            assert look(nested)
        else:
            assert why(nested, thorough=True) is Unfit.TOO_DEEP


def test_trees_have_limits() -> None:
    """Pages and fields that are nested a hundred and one times are not gone after."""
    tree = b"<< /Type /Pages /Kids [%d 0 R] /Count 1 >>"
    deep = {2: tree % 7, **{7 + one: tree % (8 + one) for one in range(MOST_DEPTH)}}
    deep[7 + MOST_DEPTH] = pdfs.objects()[3]
    assert why(pdfs.file(pdfs.objects() | deep)) is Unfit.TOO_DEEP
    group = {6 + one: b"<< /T (g) /Kids [%d 0 R] >>" % (7 + one) for one in range(MOST_DEPTH + 1)}
    group[7 + MOST_DEPTH] = b"<< /FT /Sig /T (S) >>"
    form = b"/AcroForm << /Fields [6 0 R] >>"
    assert why(pdfs.plain(catalog=form, more=group)) is Unfit.TOO_DEEP


def test_what_streams_unfold_to_has_limits() -> None:
    """A stream that grows a thousandfold, and one with five filters."""
    bomb = zlib.compress(bytes(STREAM_LIMIT + 1), 1)
    content = pdfs.stream(bomb, b"/Filter /FlateDecode")
    painted = pdfs.objects(
        resources=b"/XObject << /I 6 0 R >>",
        more={6: pdfs.stream(b"", b"/Type /XObject /Subtype /Image")},
    )
    assert why(pdfs.file(painted | {4: content}), thorough=True) is Unfit.UNFOLDS
    five = pdfs.stream(b"", b"/Filter [%s]" % (b"/FlateDecode " * 5))
    assert why(pdfs.file(pdfs.objects() | {4: five}), thorough=True) is Unfit.TOO_MANY_FILTERS


def test_two_cross_references_are_refused() -> None:
    """A hybrid file is another document for readers that know streams."""
    body = PLAIN.replace(b"trailer\n<<", b"trailer\n<< /XRefStm %10d" % 0)
    where = body.index(b"xref\n0 6")
    data = zlib.compress(b"")
    extra = b"7 0 obj\n" + pdfs.stream(
        data, b"/Type /XRef /Size 6 /W [1 2 1] /Index [0 0] /Filter /FlateDecode"
    )
    extra += b"\nendobj\n"
    hybrid = body[:where] + extra + body[where:]
    hybrid = hybrid.replace(b"/XRefStm %10d" % 0, b"/XRefStm %10d" % where)
    start = hybrid.rindex(b"startxref")
    hybrid = hybrid[:start] + b"startxref\n%d\n%%%%EOF\n" % (where + len(extra))
    assert why(hybrid) is Unfit.HYBRID


def test_facts() -> None:
    """Size, version, pages, revisions, and the empty fields with what they will lock."""
    document = pdfs.plain(
        catalog=b"/Version /2.0 /AcroForm << /Fields [6 0 R 7 0 R 10 0 R 11 0 R] >>",
        more={
            6: b"<< /FT /Sig /T (Seller) >>",
            7: b"<< /T (Buyer) /FT /Sig /Kids [8 0 R 9 0 R] >>",
            8: b"<< /T (First) /Parent 7 0 R /SV << /Ff 1 >> >>",
            9: b"<< /T (Second) /Lock << /Action /Include /Fields [(Sum)] /P 1 >>"
            b" /SV << /MDP << /P 0 >> >> >>",
            10: b"<< /FT /Tx /T (Sum) /V (1) >>",
            11: b"<< /FT /Sig /T (Office) /SV << /MDP << /P 2 >> >> >>",
        },
    )
    assert look(document) == PdfFacts(
        size=len(document),
        version=(2, 0),
        pages=1,
        revisions=1,
        signatures=(),
        empty_fields=(
            EmptyField("Seller", None, None, False),
            EmptyField("Buyer.First", None, None, True),
            EmptyField(
                "Buyer.Second",
                FieldLock(LockAction.INCLUDE, ("Sum",)),
                Permission.NOTHING,
                False,
            ),
            EmptyField("Office", None, None, True),
        ),
        cautions=frozenset(),
    )


def test_signatures_tell_what_they_allow() -> None:
    """Certification by the catalog, locks by the references, else by the field."""
    reference = b"/Reference [<< /TransformMethod /%s /TransformParams << %s >> >>]"
    certified = b"<< /Type /Sig %s >>" % (reference % (b"DocMDP", b"/P 2"))
    locked = b"<< /Type /Sig %s >>" % (
        reference % (b"FieldMDP", b"/Action /Exclude /Fields [(Note)]")
    )
    document = pdfs.plain(
        catalog=b"/Perms << /DocMDP 7 0 R >> /AcroForm << /Fields [6 0 R 8 0 R 10 0 R 12 0 R] >>",
        more={
            6: b"<< /FT /Sig /T (A) /V 7 0 R >>",
            7: certified,
            8: b"<< /FT /Sig /T (B) /V 9 0 R /Lock << /Action /All /P 3 >> >>",
            9: locked,
            10: b"<< /FT /Sig /T (C) /V 11 0 R >>",
            11: b"<< /Type /DocTimeStamp >>",
            12: b"<< /FT /Sig /T (D) /V 13 0 R >>",
            13: b"<< /Type /Sig >>",
        },
    )
    found = look(document)
    assert found.signatures == (
        PdfSignature("A", SignatureKind.CERTIFICATION, Permission.FORMS_AND_SIGNATURES, None, 0),
        PdfSignature(
            "B",
            SignatureKind.APPROVAL,
            Permission.ANNOTATIONS_TOO,
            FieldLock(LockAction.EXCLUDE, ("Note",)),
            0,
        ),
        PdfSignature("C", SignatureKind.TIMESTAMP, None, None, 0),
        PdfSignature("D", SignatureKind.APPROVAL, None, None, 0),
    )
    assert found.permission is Permission.FORMS_AND_SIGNATURES


IMAGE = pdfs.stream(b"\x00", b"/Type /XObject /Subtype /Image /Width 1 /Height 1")
PICTURE: dict[str, Any] = {"resources": b"/XObject << /I 6 0 R >>", "more": {6: IMAGE}}
WHOLE = b"q 595 0 0 842 0 0 cm /I Do Q "
FORM = pdfs.stream(
    WHOLE,
    b"/Type /XObject /Subtype /Form /BBox [0 0 595 842] /Resources << /XObject << /I 6 0 R >> >>",
)


def two_fields(second: bytes) -> bytes:
    """Two text fields on the page."""
    box = b"<< /Subtype /Widget /FT /Tx /T (%s) /Rect [%s] >>"
    annotations = box % (b"a", b"100 100 300 120") + box % (b"b", second)
    return pdfs.plain(page=b"/Annots [%s]" % annotations)


CAUTIONS = {
    "a second page that nothing shows": (
        pdfs.plain(more={6: pdfs.objects()[3]}),
        Caution.UNUSED_OBJECTS,
    ),
    "a font that nothing uses": (pdfs.plain(more={6: pdfs.FONT}), Caution.UNUSED_OBJECTS),
    "a layer that is off": (
        pdfs.plain(
            catalog=b"/OCProperties << /OCGs [6 0 R] /D << /OFF [6 0 R] >> >>",
            more={6: b"<< /Type /OCG /Name (x) >>"},
        ),
        Caution.HIDDEN_LAYERS,
    ),
    "a layer for printers": (
        pdfs.plain(
            catalog=b"/OCProperties << /OCGs [6 0 R] /D << /AS [<< /Event /Print >>] >> >>",
            more={6: b"<< /Type /OCG /Name (x) >>"},
        ),
        Caution.HIDDEN_LAYERS,
    ),
    "a picture over the text": (
        pdfs.plain(content=pdfs.TEXT + b" " + WHOLE, **PICTURE),
        Caution.COVERED_PAGE,
    ),
    "a picture in a form over the text": (
        pdfs.plain(
            content=pdfs.TEXT + b" /F Do",
            resources=b"/XObject << /F 7 0 R >>",
            more={6: IMAGE, 7: FORM},
        ),
        Caution.COVERED_PAGE,
    ),
    "a stamp over the page": (
        pdfs.plain(
            page=b"/Annots [<< /Subtype /Stamp /Rect [0 0 595 842] /AP << /N 6 0 R >> >>]",
            more={6: FORM.replace(b"/Resources << /XObject << /I 6 0 R >> >>", b"")},
        ),
        Caution.COVERED_PAGE,
    ),
    "fields over one another": (two_fields(b"110 100 310 120"), Caution.OVERLAID_FIELDS),
    "saved twice": (
        pdfs.updated(PLAIN, lambda update: update.add_object(pdfs.generic.NumberObject(1))),
        Caution.REVISIONS,
    ),
    "an annotation that is hidden": (
        pdfs.plain(page=b"/Annots [<< /Subtype /Square /F 2 /Rect [0 0 9 9] >>]"),
        Caution.HIDDEN_ANNOTATIONS,
    ),
    "a script in a field": (
        pdfs.plain(page=b"/Annots [<< /Subtype /Link /A << /S /JavaScript /JS (1) >> >>]"),
        Caution.SCRIPTS,
    ),
    "a file": (
        pdfs.plain(
            catalog=b"/Names << /EmbeddedFiles << /Names [(a) 6 0 R] >> >>",
            more={
                6: b"<< /Type /Filespec /EF << /F 7 0 R >> >>",
                7: pdfs.stream(b"x", b"/Type /EmbeddedFile"),
            },
        ),
        Caution.ATTACHMENTS,
    ),
}


@pytest.mark.parametrize(("document", "caution"), CAUTIONS.values(), ids=CAUTIONS.keys())
def test_cautions(document: bytes, caution: Caution) -> None:
    """Each kind of shadow material is told, it alone, and only after a thorough look."""
    assert look(document).cautions == {caution}
    assert look(document, thorough=False).cautions == frozenset()


def test_honest_documents_are_not_cautioned() -> None:
    """Scans with text, pictures under text, small pictures, fields beside one another."""
    unseen = b"BT 3 Tr /F1 12 Tf (recognised) Tj ET "
    strings = b"BT /F1 12 Tf (\\) 595 0 0 842 0 0 cm /I Do) Tj ET "
    inline = strings + b"q 595 0 0 842 0 0 cm BI /W 1 ID /I Do EI Q"
    for document in (
        PLAIN,
        pdfs.plain(content=WHOLE + pdfs.TEXT, **PICTURE),
        pdfs.plain(content=unseen + WHOLE, **PICTURE),
        pdfs.plain(content=pdfs.TEXT + b" q 100 0 0 100 0 0 cm /I Do Q", **PICTURE),
        pdfs.plain(content=inline, **PICTURE),
        two_fields(b"100 130 300 150"),
        pdfs.book(3, streams=True, padding=3000),
    ):
        assert look(document).cautions == frozenset()


def test_files_made_for_the_web_have_two_parts() -> None:
    """A linearized file is one revision in two cross-references; a third is one more."""
    web = pdfs.plain(more={6: b"<< /Linearized 1 >>"})
    assert web.index(b"/Linearized") < 1024
    for revisions, cautions in ((1, frozenset()), (2, frozenset({Caution.REVISIONS}))):
        web = pdfs.updated(web, lambda update: update.add_object(pdfs.generic.NumberObject(1)))
        found = look(web)
        assert (found.revisions, found.cautions) == (revisions + 1, cautions)


def test_mutated_documents_are_taken_or_refused() -> None:
    """Bytes flipped all over a file: facts or a reason, never anything else."""
    chance = random.Random(11)
    sources = [
        pdfs.book(2, streams=True, padding=400),
        pdfs.plain(
            content=pdfs.TEXT + b" /F Do",
            resources=b"/XObject << /F 7 0 R >>",
            more={6: IMAGE, 7: FORM},
        ),
        pdfs.plain(
            catalog=b"/AcroForm << /Fields [6 0 R] >>",
            more={6: b"<< /FT /Sig /T (S) /Lock << /Action /All /P 2 >> >>"},
        ),
    ]
    refused = 0
    for number in range(240):
        document = bytearray(sources[number % len(sources)])
        for _ in range(chance.randint(1, 12)):
            document[chance.randrange(len(document))] = chance.randrange(256)
        try:
            look(bytes(document))
        except errors.DocumentUnfit:
            refused += 1
    assert 0 < refused < 240


def test_objects_in_streams_are_those_of_the_library() -> None:
    """Our shorter way to an object in a stream finds the same objects."""
    document = pdfs.book(120, streams=True)
    ours, theirs = reading.opened(io.BytesIO(document)), pdfs.reader(document)
    references = sorted(
        ours.xrefs.explicit_refs_in_revision(0), key=lambda reference: reference.idnum
    )
    in_streams = [one for one in references if not isinstance(ours.xrefs[one], int)]
    assert len(in_streams) >= 120
    # An index that names the same place for another object is not believed.
    first = in_streams[0]
    place = ours.xrefs[first]
    ours = reading.opened(io.BytesIO(document))
    with pytest.raises(PdfReadError, match="not where it should be"):
        ours._get_object_from_stream(first.idnum, place.obj_stream_id, place.ix_in_stream + 1)
    for one in in_streams:
        assert ours.resolved(one) == theirs.get_object(one)  # type: ignore[no-untyped-call]
