"""Documents piece by piece: every byte, and never much at once."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import pytest

from ades import files

PIECE = 256 * 1024
SIZES = (0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE + 5)


class Watched(io.FileIO):
    """A file that knows how much was asked of it at once."""

    most = 0

    def read(self, size: int | None = -1, /) -> Any:
        """Of the file."""
        assert size is not None
        self.most = max(self.most, size if size >= 0 else 2**63)
        return super().read(size)


@pytest.mark.parametrize("size", SIZES)
def test_every_byte(tmp_path: Path, size: int) -> None:
    """What was written is read, and what was copied too; what was there before is gone."""
    content, path, copied = os.urandom(size), tmp_path / "one", tmp_path / "two"
    for there in (path, copied):
        there.write_bytes(bytes(5 * PIECE))
    files.write(path, content)
    assert path.read_bytes() == files.read(path) == content
    files.copy(path, copied)
    assert copied.read_bytes() == content


def test_never_much_at_once(tmp_path: Path) -> None:
    """One read of 50 MB would keep a core from everybody else."""
    (tmp_path / "one").write_bytes(bytes(3 * PIECE))
    with Watched(tmp_path / "one") as file:
        assert files.read_most(file, None) == bytes(3 * PIECE)
        assert file.most == PIECE


@pytest.mark.parametrize("most", [0, 1, PIECE, PIECE + 1, 2 * PIECE + 1])
def test_no_more_than_that(tmp_path: Path, most: int) -> None:
    """To the byte, so that too long a file is found out without reading all of it."""
    (tmp_path / "one").write_bytes(bytes(2 * PIECE + 1))
    with Watched(tmp_path / "one") as file:
        assert files.read_most(file, most) == bytes(most)
        assert file.tell() == most


def test_what_is_not_there(tmp_path: Path) -> None:
    """As the system says it."""
    with pytest.raises(FileNotFoundError):
        files.read(tmp_path / "none")
    with pytest.raises(FileNotFoundError):
        files.copy(tmp_path / "none", tmp_path / "other")
    assert not (tmp_path / "other").exists()
