"""Pictures of unknown origin: taken, or refused, and made anew. (security-and-pki 5.5)"""

from __future__ import annotations

import io
import random
import zlib
from typing import Any

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngImageFile

from ades.pdf import pictures
from policies import errors
from policies.appearance import (
    DRAWN_PIXELS,
    MOST_PICTURE_BYTES,
    MOST_PIXELS,
    MOST_PIXELS_A_SIDE,
    PictureKind,
)
from policies.pdf import Unfit


def file(image: Image.Image, kind: str, **options: Any) -> bytes:
    """The picture in a file."""
    output = io.BytesIO()
    image.save(output, kind, **options)
    return output.getvalue()


def image(mode: str = "RGB", size: tuple[int, int] = (40, 20)) -> Image.Image:
    """Something to see: dark on the left."""
    made = Image.linear_gradient("L").rotate(90).resize(size)
    return made.convert(mode)


def refused(data: bytes) -> None:
    """The file is not taken."""
    with pytest.raises(errors.DocumentUnfit) as reason:
        pictures.read(data)
    assert reason.value.why is Unfit.PICTURE


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
def test_png(mode: str) -> None:
    """Every kind of PNG becomes rows of grey or colour, with its transparency apart."""
    found = pictures.read(file(image(mode), "PNG"))
    assert (found.kind, found.width, found.height) == (PictureKind.FLATE, 40, 20)
    grey = mode in ("1", "L")
    assert found.grey is grey
    assert len(zlib.decompress(found.data)) == 40 * 20 * (1 if grey else 3)
    assert (found.alpha is not None) == mode.endswith("A")
    if found.alpha is not None:
        assert zlib.decompress(found.alpha) == b"\xff" * 800


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_jpeg(mode: str) -> None:
    """Every kind of JPEG becomes one of grey or RGB."""
    found = pictures.read(file(image(mode), "JPEG"))
    assert (found.kind, found.grey, found.alpha) == (PictureKind.JPEG, mode == "L", None)
    with Image.open(io.BytesIO(found.data)) as again:
        assert (again.mode, again.size) == ("L" if mode == "L" else "RGB", (40, 20))


def test_nothing_but_the_picture_is_left() -> None:
    """Where and by what it was taken is gone, and so is what stood behind it; it is upright."""
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter
    exif[0x010F] = "Camera of Alice"
    data = file(image(size=(40, 20)), "JPEG", exif=exif, comment=b"secret place")
    found = pictures.read(data + b"PK\x03\x04 a second file")
    assert (found.width, found.height) == (20, 40)
    for trace in (b"Exif", b"Camera", b"secret", b"second"):
        assert trace in data + b"second"
        assert trace not in found.data
    text = file(image(), "PNG") + b"<script>"
    assert b"script" not in pictures.read(text).data


def test_large_pictures_are_drawn_smaller() -> None:
    """No side is longer than what is drawn; the shape stays."""
    found = pictures.read(file(image(size=(4 * DRAWN_PIXELS, DRAWN_PIXELS)), "PNG"))
    assert (found.width, found.height) == (DRAWN_PIXELS, DRAWN_PIXELS // 4)
    assert found.fits()


def test_other_kinds_are_refused() -> None:
    """By their first bytes, and when decoder and first bytes do not agree."""
    png, jpeg = file(image(), "PNG"), file(image(), "JPEG")
    for data in (
        b"",
        b"<svg/>",
        file(image(), "GIF"),
        file(image(), "WEBP"),
        file(image(), "TIFF"),
        file(image(), "BMP"),
        png[:8] + jpeg,
        jpeg[:3] + png,
        png[: len(png) // 2],
        jpeg[: len(jpeg) // 2],
        png[:8],
    ):
        refused(data)


def test_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bytes, pixels and sides; judged before anything is decoded."""
    png = file(image(), "PNG")
    assert pictures.read(png + bytes(MOST_PICTURE_BYTES - len(png)))
    refused(png + bytes(MOST_PICTURE_BYTES - len(png) + 1))
    refused(file(Image.new("1", (MOST_PIXELS_A_SIDE + 1, 1)), "PNG"))
    wide = MOST_PIXELS // 4000 + 1
    refused(file(Image.new("1", (wide, 4000)), "PNG"))
    large = file(Image.new("1", (wide, 4000)), "PNG")
    monkeypatch.setattr(PngImageFile, "load", None)
    refused(large)


def test_mutated_pictures_are_taken_or_refused() -> None:
    """Bytes flipped all over a file: a picture or a refusal, never anything else."""
    chance = random.Random(5)
    sources = [file(image("RGBA"), "PNG"), file(image("P"), "PNG"), file(image(), "JPEG")]
    taken = 0
    for number in range(300):
        data = bytearray(sources[number % 3])
        for _ in range(chance.randint(1, 6)):
            data[chance.randrange(8, len(data))] = chance.randrange(256)
        try:
            taken += pictures.read(bytes(data)).fits()
        except errors.DocumentUnfit:
            continue
    assert 0 < taken < 300
