"""From a place on a page as it is seen to the page's own space. (ISO 32000-2 8.3.2, 14.11.2)"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ades.pdf import geometry, intake
from ades.pdf.geometry import Box
from ades.pdf.reading import Reader
from policies import errors
from policies.appearance import LEAST_SIDE, Spot
from policies.pdf import Unfit


@dataclass(frozen=True, slots=True)
class Place:
    """Where on a page, in the page's own space."""

    page: int
    rectangle: Box
    rotation: int
    """Of the page, clockwise: 0, 90, 180, 270."""


def place(reader: Reader, spot: Spot) -> Place:
    """The place of a spot.

    Raises:
        DocumentUnfit: No such page, or the spot is not all on it, or is too small.
    """
    pages = intake.page_nodes(reader)
    if not 0 <= spot.page < len(pages):
        raise errors.DocumentUnfit(Unfit.OUTSIDE)
    page = pages[spot.page]
    x0, y0, x1, y1 = geometry.page_box(page)
    turned = rotation(page)
    wide, high = (x1 - x0, y1 - y0) if turned in (0, 180) else (y1 - y0, x1 - x0)
    left, bottom = spot.left, spot.bottom
    right, top = left + spot.width, bottom + spot.height
    inside = left >= 0 and bottom >= 0 and right <= wide and top <= high
    # Written so that what is no number is refused as well.
    if not inside or not (spot.width >= LEAST_SIDE and spot.height >= LEAST_SIDE):
        raise errors.DocumentUnfit(Unfit.OUTSIDE)
    rectangle = {
        0: (x0 + left, y0 + bottom, x0 + right, y0 + top),
        90: (x1 - top, y0 + left, x1 - bottom, y0 + right),
        180: (x1 - right, y1 - top, x1 - left, y1 - bottom),
        270: (x0 + bottom, y1 - right, x0 + top, y1 - left),
    }[turned]
    return Place(spot.page, rectangle, turned)


def rotation(page: Any) -> int:
    """Of a page, clockwise: 0, 90, 180 or 270."""
    found = geometry.inherited(page, "/Rotate")
    turned = 0 if found is None else int(found) % 360
    if turned not in (0, 90, 180, 270):
        raise ValueError("a page that is turned by less than a quarter")
    return turned
