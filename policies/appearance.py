"""What a signature shows on a page: which lines, in which words. (security-and-pki 5.5, 6.1)

The name is the certificate's and the time the signer process's, never the caller's. Drawing is
``ades.pdf.appearance``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from policies.messages import Language
from policies.pdf import MIB

MOST_PICTURE_BYTES: Final = 3 * MIB
"""security-and-pki 5.5."""
MOST_PIXELS: Final = 20_000_000
"""security-and-pki 5.5."""
MOST_PIXELS_A_SIDE: Final = 8_000
"""security-and-pki 5.5."""
DRAWN_PIXELS: Final = 800
"""A side of what is embedded, at most: 10 cm at 200 dots to the inch."""
MOST_DRAWN_BYTES: Final = 4 * DRAWN_PIXELS * DRAWN_PIXELS
"""Of an embedded picture with its transparency, if nothing of it can be compressed."""
LEAST_SIDE: Final = 12.0
"""Points: a line of 10 points and its margins."""
LARGEST_FONT: Final = 10.0
SMALLEST_FONT: Final = 4.0
"""Points. What does not fit even so is cut."""
UNKNOWN: Final = "\N{REPLACEMENT CHARACTER}"
"""In place of characters that the font lacks."""


class Line(StrEnum):
    """A line of text."""

    NAME = "name"
    DATE = "date"
    REASON = "reason"
    LOCATION = "location"


@dataclass(frozen=True, slots=True)
class _Words:
    name: str
    date: str
    reason: str
    location: str
    moment: str
    """For ``strftime``."""


_WORDS: Final = {
    Language.EN: _Words("Signed by: ", "Date: ", "Reason: ", "Location: ", "%Y-%m-%d %H:%M UTC"),
    Language.RO: _Words("Semnat de: ", "Data: ", "Motivul: ", "Locul: ", "%d.%m.%Y, %H:%M UTC"),
    # French has a space before the colon, one that does not break.
    Language.FR: _Words(
        "Signé par\N{NBSP}: ",
        "Date\N{NBSP}: ",
        "Motif\N{NBSP}: ",
        "Lieu\N{NBSP}: ",
        "%d/%m/%Y %H:%M UTC",
    ),
}


class PictureKind(StrEnum):
    """How the samples of a picture are packed."""

    JPEG = "jpeg"
    FLATE = "flate"
    """Deflated rows of 8-bit RGB."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as it is embedded; made by ``ades.pdf.pictures`` from a file that was checked."""

    kind: PictureKind
    width: int
    height: int
    grey: bool
    """One channel in place of three."""
    data: bytes
    alpha: bytes | None
    """Deflated rows of 8-bit opacity."""

    def fits(self) -> bool:
        """Whether it is within what such pictures are."""
        sides = 0 < self.width <= DRAWN_PIXELS and 0 < self.height <= DRAWN_PIXELS
        return sides and len(self.data) + len(self.alpha or b"") <= MOST_DRAWN_BYTES


@dataclass(frozen=True, slots=True)
class Spot:
    """A place on a page as it is seen: its rotation applied, its margins cut off."""

    page: int
    """From 0."""
    left: float
    bottom: float
    """Points from the lower left corner."""
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Appearance:
    """How a signature is seen."""

    spot: Spot | None
    """``None``: where its field is. A field of the document is never moved: its place is used
    even if another one is named here."""
    language: Language
    lines: tuple[Line, ...] = tuple(Line)
    """In their order; those without text are left out."""
    picture: Picture | None = None

    def is_bounded(self) -> bool:
        """Whether it says each line once, and its picture is within what pictures are."""
        once = len(set(self.lines)) == len(self.lines)
        return once and (self.picture is None or self.picture.fits())


@dataclass(frozen=True, slots=True)
class Texts:
    """What there is to show."""

    name: str | None
    at: datetime
    """Aware, UTC."""
    reason: str | None
    location: str | None


def lines(wanted: Appearance, texts: Texts) -> tuple[str, ...]:
    """The lines of text."""
    words = _WORDS[wanted.language]
    found = {
        Line.NAME: texts.name and words.name + texts.name,
        Line.DATE: words.date + texts.at.strftime(words.moment),
        Line.REASON: texts.reason and words.reason + texts.reason,
        Line.LOCATION: texts.location and words.location + texts.location,
    }
    return tuple(text for line in wanted.lines if (text := found[line]))
