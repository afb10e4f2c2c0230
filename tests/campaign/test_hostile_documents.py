"""Files that take long whatever one does: a child's limits end them. (security-and-pki 7.2, 31)"""

from __future__ import annotations

import resource
import time
from pathlib import Path

from ades.desk import Desk, OutOfMemory, Overdue
from ades.validation.errors import Unreadable
from ades.validation.works import Validate
from policies.validation import Indication
from tests.ades.validation import hostile
from tests.ades.validation.authority import HOUR, T0, authority

MOST_KIB = 768 * 1024
"""What a child may have, and the libraries that it was forked with."""


async def test_bounded(rounds: int, tmp_path: Path) -> None:
    """Not passed, within the limits of time and memory; the desk lives on."""
    work = Validate(tmp_path / "file", None, (authority().root.der,), (), T0 + HOUR)
    async with Desk(["ades.validation.works"], places=1) as desk:
        # The later ones take up to twenty seconds each.
        for name in list(hostile.SLOW)[: max(1, rounds // 20)]:
            (tmp_path / "file").write_bytes(hostile.SLOW[name]())
            begun = time.monotonic()
            told = await _told(desk, work)
            print(f"\n{name}: {told} in {time.monotonic() - begun:.1f} s")
        assert desk.restarts == 0
    # Of those that the desk buried, and it has ended itself.
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(f"at most {peak // 1024} MiB")
    assert 0 < peak < MOST_KIB


async def _told(desk: Desk, work: Validate) -> str:
    try:
        found = await desk.do(work)
    except (Overdue, OutOfMemory, Unreadable) as reason:
        return type(reason).__name__
    assert found.indication is not Indication.PASSED
    return str(found.indication)
