"""Paraph itself passes the suite, at each version, with the limits that it has by default."""

from __future__ import annotations

from pathlib import Path

from conformance import registry
from conformance.model import Level, Verdict
from conformance.report import json_file
from tests.conformance import own


def test_paraph_passes(tmp_path: Path) -> None:
    """No check fails; no SHALL is left out but for the reasons that are known."""
    report = own.run(tmp_path / "instance")
    results = [(run, result) for run in report.runs for result in run.results]
    assert len(report.runs) == 3
    failed = {
        f"{result.check.id} {run.version.value}": result.reasons
        for run, result in results
        if result.verdict is Verdict.FAIL
    }
    assert failed == {}
    left_out = {
        result.check.id
        for _, result in results
        if result.verdict is Verdict.NOT_RUN and result.check.level is Level.SHALL
    }
    assert left_out == own.LEFT_OUT.keys()


def test_the_published_report_is_of_these_checks() -> None:
    """`docs/conformance` tells of all checks of today, and no failure."""
    report = json_file.read(own.PUBLISHED / "report.json")
    told = {(run.version, result.check.id) for run in report.runs for result in run.results}
    assert told == {(version, one.id) for one in registry.every() for version in one.versions}
    assert report.count(Verdict.FAIL) == 0
    assert (own.PUBLISHED / "report.html").exists()
