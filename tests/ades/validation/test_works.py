"""Validation and self-check on the desk: real processes, bytes on disk, results over the socket."""

from __future__ import annotations

from pathlib import Path

import pytest

from ades.desk import Desk
from ades.validation.errors import Unreadable
from ades.validation.report import SignatureLevel
from ades.validation.works import Check, Validate
from policies.validation import Indication
from tests.ades.validation import scribe
from tests.ades.validation.authority import HOUR, T0, authority


async def test_report_and_verdict_cross_the_desk(tmp_path: Path) -> None:
    """What a child found arrives whole, and what is no signed file is said as such."""
    (tmp_path / "signed").write_bytes(scribe.leveled("B-LTA"))
    (tmp_path / "text").write_bytes(b"no signature")
    anchors = (authority().root.der,)
    async with Desk(["ades.validation.works"], places=1) as desk:
        path, now = tmp_path / "signed", T0 + HOUR
        report = await desk.do(Validate(path, None, anchors, (), now))
        assert report.indication is Indication.PASSED
        assert report.signatures[0].level is SignatureLevel.B_LTA
        assert report.validated_at == now
        verdict = await desk.do(Check(path, SignatureLevel.B_LTA, anchors, None, now))
        assert verdict.passed
        with pytest.raises(Unreadable, match="neither a PDF nor a signature"):
            await desk.do(Validate(tmp_path / "text", None, anchors, (), now))
