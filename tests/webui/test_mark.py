"""The paraph mark against its golden files and its recipe (ui 3.14)."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webui import mark

GOLDEN = {file.stem: file.read_text() for file in Path(__file__).parent.glob("golden/*.path")}
"""Paths by host name. They must never change: another drawing is another recipe."""

_PAIR = re.compile(r"(-?\d+\.\d) (-?\d+\.\d)")


def _hand(host: str) -> bytes:
    """The 32 bytes that the recipe draws from."""
    digest = hashlib.sha256(host.encode()).digest()
    return hashlib.sha256(b"paraph-mark/1\x00" + digest).digest()


@pytest.mark.parametrize("host", sorted(GOLDEN))
def test_golden(host: str) -> None:
    """The same name has the same paraph, for ever."""
    assert mark.of_host(host) == GOLDEN[host].strip()


def test_golden_files_cover_the_recipe() -> None:
    """Three to five strokes, a tall one first and later, peaks and loops below."""
    hands = [_hand(host) for host in GOLDEN]
    assert {3 + b[0] % 3 for b in hands} == {3, 4, 5}
    assert {149, 150} <= {b[29] for b in hands}
    kinds = {b[2 + i] % 5 for b in hands for i in range(1, 3 + b[0] % 3)}
    assert kinds >= {0, 1, 2}


def test_of_host_and_key() -> None:
    """Host names count in lower case; a key counts by the digest of its encoding."""
    assert mark.of_host("Sign.Paraph.Example") == mark.of_host("sign.paraph.example")
    assert mark.of_public_key(b"spki") == mark.path(hashlib.sha256(b"spki").digest())
    assert mark.of_public_key(b"spki") != mark.of_public_key(b"spkj")


@pytest.mark.parametrize("length", [0, 31, 33])
def test_not_a_digest(length: int) -> None:
    """Only a SHA-256 digest has a paraph."""
    with pytest.raises(ValueError, match="digest"):
        mark.path(bytes(length))


@given(st.binary(min_size=32, max_size=32))
def test_every_paraph_fits_its_box(d: bytes) -> None:
    """It begins at the left, ends at the right, and stays on the page."""
    b = hashlib.sha256(b"paraph-mark/1\x00" + d).digest()
    points = [(float(x), float(y)) for x, y in _PAIR.findall(mark.path(d))]
    # Tripled ends make the curve touch the first and the last point.
    assert points[0] == (5.0, round(46 - 14 * b[1] / 255, 1))
    assert points[-1] == (236.0, round(44 - 12 * b[31] / 255, 1))
    assert all(0 <= x <= 240 and 0 <= y <= 76 for x, y in points)
    # Two points before the strokes, five to seven for each, twelve of the sweep; one curve more
    # than points.
    curves = mark.path(d).count("C")
    strokes = 3 + b[0] % 3
    assert 2 + 5 * strokes + 12 + 1 <= curves <= 2 + 7 * strokes + 12 + 1
