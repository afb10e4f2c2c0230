"""Whole documents from and to files, piece by piece. Knows nothing of what is in them.

A kernel that was not built to preempt itself leaves a core to one read until all of it is done: of
50 MB, some 25 ms in which nobody else is answered there. Between two pieces others have their turn.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Final

_PIECE_BYTES: Final = 256 * 1024
"""A tenth of a millisecond."""


def read(path: Path) -> bytes:
    """Everything in it.

    Raises:
        OSError: There is no such file, or it cannot be read.
    """
    with path.open("rb", buffering=0) as file:
        return read_most(file, None)


def read_most(file: io.FileIO, most_bytes: int | None) -> bytes:
    """The rest of an open file, but no more than ``most_bytes``.

    Raises:
        OSError: It cannot be read.
    """
    found, left = io.BytesIO(), most_bytes
    while piece := file.read(_PIECE_BYTES if left is None else min(left, _PIECE_BYTES)):
        found.write(piece)
        left = None if left is None else left - len(piece)
    return found.getvalue()


def write(path: Path, content: bytes) -> None:
    """Afterwards this, and nothing else, is in it.

    Raises:
        OSError: The disk did not take it.
    """
    view = memoryview(content)
    with path.open("wb") as file:
        for start in range(0, len(view), _PIECE_BYTES):
            file.write(view[start : start + _PIECE_BYTES])


def copy(source: Path, target: Path) -> None:
    """Afterwards ``target`` has what ``source`` has.

    Raises:
        OSError: See ``read`` and ``write``.
    """
    with source.open("rb", buffering=0) as file, target.open("wb") as copied:
        while piece := file.read(_PIECE_BYTES):
            copied.write(piece)
