"""The JSON report: written, read back, and its members as README.md names them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.errors import BadProfile
from conformance.model import Report, Result, Verdict
from conformance.report import json_file
from tests.conformance import made_up


def _bare(report: Report) -> Report:
    """``report`` without what cannot come back: the functions of its checks."""

    def bare(result: Result) -> Result:
        return replace(result, check=replace(result.check, run=made_up.nothing))

    runs = [replace(run, results=tuple(map(bare, run.results))) for run in report.runs]
    return replace(report, runs=tuple(runs))


def test_a_report_comes_back(tmp_path: Path) -> None:
    """What is written and read is the same report, hostile text included."""
    report = made_up.report()
    file = tmp_path / "report.json"
    json_file.write(report, file)
    assert _bare(json_file.read(file)) == report


def test_a_report_without_runs_comes_back() -> None:
    """Nothing checked is a report, too."""
    report = replace(made_up.report(), runs=())
    assert json_file.loads(json_file.dumps(report)) == report


async def test_a_check_from_a_file_cannot_be_run() -> None:
    """A check that was read can be shown only."""
    read = json_file.loads(json_file.dumps(made_up.only(Verdict.FAIL)))
    with pytest.raises(RuntimeError, match="comes from a file"):
        await read.runs[0].results[0].check.run(None)  # type: ignore[arg-type]  # never looked at


def test_the_file_is_ascii() -> None:
    """No byte of a server stands in the file as it is."""
    assert json_file.dumps(made_up.report()).isascii()


def test_the_file_counts_for_those_who_only_count() -> None:
    """``counts`` has each verdict."""
    counts = json.loads(json_file.dumps(made_up.report()))["counts"]
    assert counts == {"pass": 6, "fail": 6, "warn": 3, "not applicable": 3, "not run": 3}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no report of this suite"),
        ("[1]", "the member format"),
        ('{"format": "other"}', "the member format"),
        ('{"format": "csc-conformance-report", "schema": 2}', "it has schema 2"),
        ('{"format": "csc-conformance-report", "schema": 1}', "something is missing"),
        ('{"format": "csc-conformance-report", "schema": 1, "checks": []}', "something is missing"),
    ],
)
def test_a_file_that_is_no_report_is_refused(tmp_path: Path, text: str, why: str) -> None:
    """Whoever names the wrong file learns why it is wrong."""
    file = tmp_path / "other.json"
    file.write_text(text)
    with pytest.raises(BadProfile, match=why):
        json_file.read(file)


def test_a_file_with_an_unknown_verdict_is_refused(tmp_path: Path) -> None:
    """A verdict of a later schema is not guessed at."""
    file = tmp_path / "later.json"
    text = json_file.dumps(made_up.only(Verdict.FAIL))
    file.write_text(text.replace('"verdict": "fail"', '"verdict": "perhaps"'))
    with pytest.raises(BadProfile, match="perhaps"):
        json_file.read(file)


def test_no_file_is_refused(tmp_path: Path) -> None:
    """A missing file is the caller's mistake."""
    with pytest.raises(BadProfile, match="cannot be read"):
        json_file.read(tmp_path / "none.json")
