"""Other people's servers: what the suite finds in certomancer-csc-dummy is kept as expectation."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench import dummy
from conformance import profile, registry, runner
from conformance.model import Verdict
from tests.conformance.measured import Silent
from tests.ports import free_port

EXPECTED = Path(__file__).parent / "certomancer-csc-dummy.json"


async def test_a_toy_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each failure and each warning of certomancer-csc-dummy is the one that is expected."""
    with dummy.running(tmp_path / "dummy", free_port()) as url:
        monkeypatch.setenv("CSC_URL", f"{url}/csc/v1")
        toy = profile.load("certomancer-csc-dummy")
        report = await runner.run(toy, registry.every(), Silent())
    (run,) = report.runs
    found = {
        result.check.id: result.verdict.value
        for result in run.results
        if result.verdict in (Verdict.FAIL, Verdict.WARN)
    }
    assert found == json.loads(EXPECTED.read_text())
    assert report.count(Verdict.FAIL) >= 10
