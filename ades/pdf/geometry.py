"""Rectangles of pages and annotations, and how content is moved. (ISO 32000-2 7.9.5, 8.3)"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from ades.pdf.reading import entry
from policies.pdf import MOST_DEPTH

Box = tuple[float, float, float, float]
"""Left, bottom, right, top, in points."""
Matrix = tuple[float, float, float, float, float, float]
PLAIN: Final[Matrix] = (1, 0, 0, 1, 0, 0)


def box(dictionary: Any, name: str) -> Box:
    """A rectangle with its corners in order; without one, an empty one."""
    found = entry(dictionary, name)
    if found is None:
        return (0, 0, 0, 0)
    return _ordered(found)


def page_box(page: Any) -> Box:
    """What is seen of a page: the crop box within the media box (ISO 32000-2 14.11.2)."""
    media, crop = inherited_box(page, "/MediaBox"), inherited_box(page, "/CropBox")
    if media is None:
        raise ValueError("a page without a size")
    if crop is None:
        return media
    inner = intersection(media, crop)
    return inner if area(inner) > 0 else media


def inherited_box(page: Any, name: str) -> Box | None:
    """A rectangle of the page, or of the nodes above it."""
    found = inherited(page, name)
    return None if found is None else _ordered(found)


def inherited(page: Any, name: str) -> Any:
    """An attribute of the page, or of the nodes above it."""
    node, seen = page, 0
    while node is not None and seen < MOST_DEPTH:
        found = entry(node, name)
        if found is not None:
            return found
        node, seen = entry(node, "/Parent"), seen + 1
    return None


def matrix(numbers: Sequence[Any]) -> Matrix:
    """Six numbers."""
    a, b, c, d, e, f = (float(one) for one in numbers)
    return (a, b, c, d, e, f)


def times(first: Matrix, then: Matrix) -> Matrix:
    """``first`` in the space of ``then`` (ISO 32000-2 8.3.4)."""
    a, b, c, d, e, f = first
    g, h, i, j, k, m = then
    return (
        a * g + b * i,
        a * h + b * j,
        c * g + d * i,
        c * h + d * j,
        e * g + f * i + k,
        e * h + f * j + m,
    )


def bounds(one: Box, moved: Matrix) -> Box:
    """What a rectangle covers after it was moved."""
    a, b, c, d, e, f = moved
    corners = [(x, y) for x in one[::2] for y in one[1::2]]
    xs = [a * x + c * y + e for x, y in corners]
    ys = [b * x + d * y + f for x, y in corners]
    return (min(xs), min(ys), max(xs), max(ys))


def intersection(one: Box, other: Box) -> Box:
    """What both cover; without area if nothing."""
    return (
        max(one[0], other[0]),
        max(one[1], other[1]),
        min(one[2], other[2]),
        min(one[3], other[3]),
    )


def area(one: Box) -> float:
    """In square points."""
    return max(0.0, one[2] - one[0]) * max(0.0, one[3] - one[1])


def common(one: Box, other: Box) -> float:
    """The area that both cover."""
    return area(intersection(one, other))


def share(one: Box, whole: Box) -> float:
    """How much of ``whole`` the other covers, from 0 to 1."""
    return common(one, whole) / area(whole) if area(whole) else 0.0


def _ordered(corners: Any) -> Box:
    a, b, c, d = (float(one.get_object()) for one in corners)
    return (min(a, c), min(b, d), max(a, c), max(b, d))
