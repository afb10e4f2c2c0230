"""Files that are made to hurt: refused by a real child, in bounded time, and the next is served."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ades.desk import Desk
from ades.validation.errors import Unreadable
from ades.validation.works import Validate
from policies.validation import Indication
from tests.ades.validation import hostile, scribe
from tests.ades.validation.authority import HOUR, T0, authority


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    """One parent for all files of a test."""
    async with Desk(["ades.validation.works"], places=1) as desk:
        yield desk


async def test_none_of_them_hurts(desk: Desk, tmp_path: Path) -> None:
    """Each is unreadable or not passed, and says why in one sentence; no child crashes."""
    told: dict[str, str] = {}
    for name, make in hostile.QUICK.items():
        (tmp_path / "file").write_bytes(make())
        work = Validate(tmp_path / "file", None, (authority().root.der,), (), T0 + HOUR)
        try:
            report = await desk.do(work)
        except Unreadable as reason:
            told[name] = str(reason)
        else:
            assert report.indication in (None, Indication.FAILED), name
            told[name] = str(report.indication)
    assert told.keys() == hostile.QUICK.keys()
    assert all(sentence.count("\n") == 0 for sentence in told.values())
    assert told["nested arrays"] == "The document is nested too deep."
    (tmp_path / "file").write_bytes(scribe.leveled("B-LT"))
    work = Validate(tmp_path / "file", None, (authority().root.der,), (), T0 + HOUR)
    assert (await desk.do(work)).indication is Indication.PASSED
