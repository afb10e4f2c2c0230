"""Pictures for visible signatures: from a file of unknown origin to samples. (security-and-pki 5.5)

Decoders of pictures have had many holes: this runs in a process of its own (``ades.desk``), never
in the signer process. What comes out is made anew from the samples, so that nothing else of the
file is left: no place where it was taken, no second file behind it.
"""

from __future__ import annotations

import io
import zlib
from typing import Final

from PIL import Image, ImageOps

from policies import errors
from policies.appearance import (
    DRAWN_PIXELS,
    MOST_PICTURE_BYTES,
    MOST_PIXELS,
    MOST_PIXELS_A_SIDE,
    Picture,
    PictureKind,
)
from policies.pdf import Unfit

_MAGIC: Final = {b"\x89PNG\r\n\x1a\n": "PNG", b"\xff\xd8\xff": "JPEG"}
_QUALITY: Final = 88
"""Of a JPEG that is made anew."""


def read(data: bytes) -> Picture:
    """The picture in a PNG or JPEG file, no larger than it is drawn.

    Raises:
        DocumentUnfit: Not such a file, damaged, or too large.
    """
    kind = next((kind for magic, kind in _MAGIC.items() if data.startswith(magic)), None)
    if kind is None or len(data) > MOST_PICTURE_BYTES:
        raise errors.DocumentUnfit(Unfit.PICTURE)
    try:
        with Image.open(io.BytesIO(data), formats=(kind,)) as opened:
            if opened.width * opened.height > MOST_PIXELS or max(opened.size) > MOST_PIXELS_A_SIDE:
                raise errors.DocumentUnfit(Unfit.PICTURE)
            opened.load()
            return _drawn(ImageOps.exif_transpose(opened), kind)
    except (OSError, ValueError, SyntaxError, EOFError, ArithmeticError) as error:
        # Pillow says by all of these that a file is damaged.
        raise errors.DocumentUnfit(Unfit.PICTURE) from error


def _drawn(image: Image.Image, kind: str) -> Picture:
    alpha = None
    if image.has_transparency_data:
        image = image.convert("RGBA")
        alpha = image.getchannel("A")
    grey = image.mode in ("1", "L", "LA", "I;16")
    image = image.convert("L" if grey else "RGB")
    image.thumbnail((DRAWN_PIXELS, DRAWN_PIXELS), Image.Resampling.LANCZOS)
    # A picture of samples alone: comments and profiles would go along with the other.
    image = Image.frombytes(image.mode, image.size, image.tobytes())
    if kind == "JPEG":
        output = io.BytesIO()
        image.save(output, "JPEG", quality=_QUALITY)
        return Picture(PictureKind.JPEG, *image.size, grey, output.getvalue(), None)
    packed = None
    if alpha is not None:
        packed = _packed(alpha.resize(image.size, Image.Resampling.LANCZOS))
    return Picture(PictureKind.FLATE, *image.size, grey, _packed(image), packed)


def _packed(image: Image.Image) -> bytes:
    return zlib.compress(image.tobytes(), 9)
