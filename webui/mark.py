"""The paraph mark: a flourish drawn from a public key or a host name (ui 3.14, recipe /1).

A help for recognition, not a control: it must never change for the same key, so the recipe is
frozen by golden files; another drawing is another recipe. SVG around the path is in the macros.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

VIEW_BOX: Final = "0 0 240 76"

_DOMAIN: Final = b"paraph-mark/1\0"
_BASE: Final = 42.0
_Point = tuple[float, float]


def of_public_key(spki: bytes) -> str:
    """The path of a certificate's mark.

    Args:
        spki: The certificate's SubjectPublicKeyInfo, DER.
    """
    return path(hashlib.sha256(spki).digest())


def of_host(name: str) -> str:
    """The path of a site's own mark, from its host name without port, in any case."""
    return path(hashlib.sha256(name.lower().encode()).digest())


def path(d: bytes) -> str:
    """The ``d`` attribute of the mark of a 32-byte digest, in units of ``VIEW_BOX``.

    Raises:
        ValueError: ``d`` is not 32 bytes long.
    """
    if len(d) != 32:
        raise ValueError(f"a digest of {len(d)} bytes")
    return _spline(_points(hashlib.sha256(_DOMAIN + d).digest()))


@dataclass(frozen=True, slots=True)
class _Hand:
    """How this hand writes: what all strokes share."""

    b: bytes
    strokes: int
    span: float
    slant: float
    tall: int

    def u(self, i: int) -> float:
        """Byte ``i`` as a share of one."""
        return self.b[i] / 255


def _points(b: bytes) -> list[_Point]:
    strokes = 3 + b[0] % 3
    hand = _Hand(
        b=b,
        strokes=strokes,
        span=(118 + 24 * (b[28] / 255)) / strokes,
        slant=7 + 9 * (b[14] / 255),
        tall=0 if b[29] < 150 else b[29] % strokes,
    )
    points = [(5.0, _BASE + 4 - 14 * hand.u(1)), (9.0, _BASE + 2)]
    for i in range(strokes):
        points += _stroke(hand, i)
    return points + _sweep(hand)


def _stroke(hand: _Hand, i: int) -> list[_Point]:
    """One letter: a peak, a loop below the line, or a loop above it."""
    u, span, s = hand.u, hand.span, hand.slant
    is_tall = i == hand.tall
    h = 36 if is_tall else 9 + 15 * u(2 + i)
    w = min(0.46 * span, 6 + 10 * u(8 + i)) * (1.25 if is_tall else 1)
    x, lo = 16 + i * span, _BASE + 1 + 6 * u(20 + i)
    kind = 0 if is_tall else hand.b[2 + i] % 5
    if kind == 1:
        return [
            (x + 0.4 * w, _BASE - 0.5 * h),
            (x + 0.5 * w + 0.6 * s, _BASE - 1.1 * h),
            (x + 0.7 * w + 0.5 * s, _BASE - 1.1 * h),
            (x + 0.75 * w, _BASE - 0.2 * h),
            (x + 0.55 * span, lo),
        ]
    if kind == 2:
        return [
            (x + 0.5 * w, _BASE - 0.4 * h),
            (x + 0.9 * w + 0.4 * s, _BASE - 0.8 * h),
            (x + 0.6 * w, _BASE + 4),
            (x - 0.2 * w - 0.5 * s, _BASE + 0.9 * h),
            (x - 1.1 * w, _BASE + 0.7 * h),
            (x - 0.1 * w, _BASE + 3),
            (x + 0.55 * span, _BASE - 4),
        ]
    return [
        (x + 0.9 * w, _BASE - 0.35 * h),
        (x + w + s, _BASE - 0.95 * h),
        (x + 0.6 * s, _BASE - 1.12 * h),
        (x - 0.35 * w, _BASE - 0.4 * h),
        (x + 0.1 * w, lo),
        (x + 0.55 * span, lo + 1),
    ]


def _sweep(hand: _Hand) -> list[_Point]:
    """The flourish: out to the right, back under the name, and out again."""
    u = hand.u
    e, left = 168 + 22 * u(25), 14 + 34 * u(19)
    return [
        (e, _BASE - 8 - 10 * u(26)),
        (e + 32, _BASE - 14 + 8 * u(27)),
        (228, _BASE - 2),
        (218, _BASE + 12 + 4 * u(16)),
        (168, _BASE + 17 + 4 * u(17)),
        (96, _BASE + 12 + 6 * u(18)),
        (left + 16, _BASE + 12 + 4 * u(13)),
        (left, _BASE + 20),
        (left + 20, _BASE + 26),
        (118, _BASE + 22 - 3 * u(30)),
        (190, _BASE + 15),
        (236, _BASE + 2 - 12 * u(31)),
    ]


def _spline(points: list[_Point]) -> str:
    """A uniform cubic B-spline through tripled ends, as Bezier curves, one decimal."""
    knots = [points[0]] * 2 + points + [points[-1]] * 2
    drawn = ["M" + _pair(points[0])]
    for b, c, d in zip(knots[1:], knots[2:], knots[3:], strict=False):
        first, second = _mix(b, c, 1 / 3), _mix(b, c, 2 / 3)
        end = ((b[0] + 4 * c[0] + d[0]) / 6, (b[1] + 4 * c[1] + d[1]) / 6)
        drawn.append(f"C{_pair(first)} {_pair(second)} {_pair(end)}")
    return "".join(drawn)


def _mix(a: _Point, b: _Point, share: float) -> _Point:
    return a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share


def _pair(point: _Point) -> str:
    return f"{point[0]:.1f} {point[1]:.1f}"
