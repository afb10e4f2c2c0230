"""A small work without a child: the same results, the same exceptions."""

from __future__ import annotations

from pathlib import Path

import pytest

from ades.desk import Crashed, DiskFull, perform
from policies import errors
from tests.ades import desk_works as works


def test_as_at_the_desk(tmp_path: Path) -> None:
    """What a child would give or raise."""
    (tmp_path / "document").write_bytes(b"%PDF and more")
    assert perform(works.Measure(tmp_path / "document")).length == 13
    for what, kind in (
        ("refused", errors.DocumentUnfit),
        ("odd", works.Odd),
        ("full", DiskFull),
    ):
        with pytest.raises(kind):
            perform(works.Raise(what))
    with pytest.raises(Crashed):
        perform(works.Measure(tmp_path / "none"))
