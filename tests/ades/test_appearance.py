"""Visible signatures: rendered by poppler and looked at. (security-and-pki 6.1)"""

from __future__ import annotations

import io
import math
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageDraw

from ades.pdf import pictures, typeface
from policies import errors
from policies.appearance import LEAST_SIDE, UNKNOWN, Appearance, Line, Spot
from policies.messages import Language
from policies.pdf import Permission, Unfit
from policies.pdf_signing import Place
from tests.ades import pdfs
from tests.ades.gate import embedded, pdfsig
from tests.ades.office import Office

DOTS = 72
"""To the inch: a pixel is a point."""
SPOT = Spot(0, 60, 80, 220, 70)
PLAIN = Appearance(SPOT, Language.EN)
EMPTY_PAGE = pdfs.plain(content=b"")
WIDE = "W" * 200
FIELD = pdfs.plain(
    content=b"",
    catalog=b"/AcroForm << /Fields [6 0 R 7 0 R] >>",
    page=b"/Annots [6 0 R 7 0 R]",
    more={
        6: b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (Here) /P 3 0 R"
        b" /Rect [60 80 280 150] /F 4 >>",
        7: b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (Nowhere) /P 3 0 R /Rect [0 0 0 0] >>",
    },
)


def scrawl() -> bytes:
    """A hand-written name, on glass."""
    image = Image.new("RGBA", (300, 150), (0, 0, 0, 0))
    line = [(10, 120), (60, 20), (110, 120), (160, 40), (290, 30)]
    ImageDraw.Draw(image).line(line, fill=(20, 40, 160, 255), width=9)
    output = io.BytesIO()
    image.save(output, "PNG")
    return output.getvalue()


def rendered(document: bytes, directory: Path) -> Image.Image:
    """The first page as poppler shows it."""
    (directory / "page.pdf").write_bytes(document)
    command = ["pdftoppm", "-cropbox", "-r", str(DOTS), "-png", "-singlefile", "page.pdf", "page"]
    subprocess.run(command, cwd=directory, check=True)
    return Image.open(directory / "page.png").convert("L")


def text(document: bytes, directory: Path) -> str:
    """What poppler finds to copy, in one line."""
    (directory / "text.pdf").write_bytes(document)
    command = ["pdftotext", "-raw", "text.pdf", "-"]
    done = subprocess.run(command, cwd=directory, check=True, capture_output=True, text=True)
    return " ".join(done.stdout.split())


def at_spot(page: Image.Image, spot: Spot) -> tuple[int, int, int, int]:
    """The pixels of a spot, with the frame's half width around it."""
    top = page.height - spot.bottom - spot.height
    return (
        math.floor(spot.left) - 1,
        math.floor(top) - 1,
        math.ceil(spot.left + spot.width) + 1,
        math.ceil(top + spot.height) + 1,
    )


def ink(image: Image.Image) -> tuple[int, int, int, int] | None:
    """What is not white."""
    return ImageChops.invert(image).point(lambda value: 255 * (value > 16)).getbbox()


@pytest.mark.parametrize(
    ("language", "found"),
    [
        (
            Language.EN,
            "Signed by: Alice Popescu Date: {:%Y-%m-%d %H:%M} UTC"
            " Reason: Aprobat în ședință, țară, œuvre Location: Iași",
        ),
        (
            Language.RO,
            "Semnat de: Alice Popescu Data: {:%d.%m.%Y, %H:%M} UTC"
            " Motivul: Aprobat în ședință, țară, œuvre Locul: Iași",
        ),
        (
            Language.FR,
            "Signé par : Alice Popescu Date : {:%d/%m/%Y %H:%M} UTC"
            " Motif : Aprobat în ședință, țară, œuvre Lieu : Iași",
        ),
    ],
)
async def test_the_lines_in_three_languages(
    office: Office, tmp_path: Path, language: Language, found: str
) -> None:
    """Diacritics can be read and copied; the name is the certificate's, whatever is asked."""
    document = await office.sign_pdf(
        EMPTY_PAGE,
        appearance=replace(PLAIN, language=language),
        name="Somebody Else",
        reason="Aprobat în ședință, țară, œuvre",
        location="Iași",
    )
    (signature,) = embedded(document)
    assert text(document, tmp_path) == found.format(signature.self_reported_timestamp)
    pdfsig(tmp_path, document)


async def test_a_turned_page_shows_the_same(office: Office, tmp_path: Path) -> None:
    """Whatever the rotation and the crop box: upright, at the same place of what is seen."""
    shown = replace(PLAIN, picture=pictures.read(scrawl()))
    looks = []
    for turned in (0, 90, 180, 270, -90, 450):
        page = b"/Rotate %d /CropBox [20 30 575 822]" % turned
        document = await office.sign_pdf(pdfs.plain(content=b"", page=page), appearance=shown)
        whole = rendered(document, tmp_path)
        where = at_spot(whole, SPOT)
        looks.append(whole.crop(where))
        whole.paste(255, where)
        assert ink(whole) is None
    first = looks[0]
    assert ink(first) is not None
    for one in looks[1:]:
        # Edges of letters are smoothed differently; a mirrored or moved one differs in thousands.
        different = ImageChops.difference(first, one).point(lambda value: 255 * (value > 96))
        assert sum(different.histogram()[255:]) < 60


async def test_nothing_leaves_the_box(office: Office, tmp_path: Path) -> None:
    """Long words, long texts, small boxes: smaller letters, then cut with dots."""
    for spot in (SPOT, replace(SPOT, width=40, height=LEAST_SIDE), replace(SPOT, height=300)):
        shown = replace(PLAIN, spot=spot)
        document = await office.sign_pdf(EMPTY_PAGE, appearance=shown, reason=WIDE, location=WIDE)
        whole = rendered(document, tmp_path)
        where = at_spot(whole, spot)
        assert ink(whole.crop(where)) is not None
        whole.paste(255, where)
        assert ink(whole) is None
        assert "…" in text(document, tmp_path)


async def test_what_is_under_it_stays_to_be_seen(office: Office, tmp_path: Path) -> None:
    """A visible signature covers no text: nothing is painted behind its lines."""
    under = b"BT /F1 40 Tf 70 90 Td (MMMMMM) Tj ET"
    before = rendered(pdfs.plain(content=under), tmp_path)
    after = rendered(await office.sign_pdf(pdfs.plain(content=under), appearance=PLAIN), tmp_path)
    # No pixel became lighter.
    assert not any(ImageChops.subtract(after, before).histogram()[9:])


async def test_the_same_input_gives_the_same_bytes(office: Office) -> None:
    """Font, layout and picture are made without clock or chance."""
    shown = replace(PLAIN, picture=pictures.read(scrawl()))
    first, second = [
        await office.sign_pdf(EMPTY_PAGE, appearance=shown, reason="Why") for _ in range(2)
    ]
    start = embedded(first)[0].byte_range[1]
    assert first[:start] == second[:start]


OUTSIDE: dict[str, dict[str, Any]] = {
    "left of the page": {"left": -1},
    "below it": {"bottom": -0.5},
    "right of it": {"left": 376},
    "above it": {"bottom": 773},
    "another page": {"page": 1},
    "a page before the first": {"page": -1},
    "too small": {"height": LEAST_SIDE - 1},
    "turned inside out": {"width": -220},
    "no number": {"left": math.nan},
    "without end": {"width": math.inf},
}


@pytest.mark.parametrize("changes", OUTSIDE.values(), ids=OUTSIDE.keys())
async def test_never_outside_the_page(office: Office, changes: dict[str, Any]) -> None:
    """A box that is not all on the page is refused."""
    shown = replace(PLAIN, spot=replace(SPOT, **changes))
    with pytest.raises(errors.DocumentUnfit) as refused:
        await office.sign_pdf(EMPTY_PAGE, appearance=shown)
    assert refused.value.why is Unfit.OUTSIDE


async def test_in_a_field_of_the_document(office: Office, tmp_path: Path) -> None:
    """The field's own place is used; one without a place shows nothing."""
    shown = Appearance(None, Language.EN, (Line.NAME,))
    document = await office.sign_pdf(FIELD, place=Place("Here", None), appearance=shown)
    assert text(document, tmp_path) == "Signed by: Alice Popescu"
    whole = rendered(document, tmp_path)
    whole.paste(255, at_spot(whole, SPOT))
    assert ink(whole) is None
    with pytest.raises(errors.DocumentUnfit) as refused:
        await office.sign_pdf(FIELD, place=Place("Nowhere", None), appearance=shown)
    assert refused.value.why is Unfit.OUTSIDE


async def test_certified_documents_take_no_new_place(office: Office) -> None:
    """After a certification a visible signature goes into a field that is there, or nowhere."""
    certify = Place(None, Permission.FORMS_AND_SIGNATURES)
    certified = await office.sign_pdf(FIELD, place=certify, appearance=PLAIN)
    with pytest.raises(errors.DocumentUnfit) as refused:
        await office.sign_pdf(certified, appearance=replace(PLAIN, spot=replace(SPOT, bottom=300)))
    assert refused.value.why is Unfit.NO_NEW_PLACE
    shown = Appearance(None, Language.EN)
    both = await office.sign_pdf(certified, place=Place("Here", None), appearance=shown)
    for signature in embedded(both):
        signature.compute_integrity_info()
        assert signature.summarise_integrity_info()["docmdp_ok"]


def test_what_the_font_lacks() -> None:
    """Replaced, not dropped; controls are left out."""
    assert typeface.shown("Ștefan 日本 \x07\u202eIași") == f"Ștefan {UNKNOWN * 2} Iași"
    alphabet = "aăâbcdefghiîjklmnopqrsștțuvwxyzàæçéèêëïôœùûüÿ"
    for letters in (alphabet, alphabet.upper(), "«»„”“—…€№", "ΑΩαω", "ЖЩЯжщя"):
        assert typeface.shown(letters) == letters
