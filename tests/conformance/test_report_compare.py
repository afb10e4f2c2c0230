"""What changed between two reports."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest

from conformance.model import Report, Result, Verdict, Version
from conformance.report import compare, terminal
from conformance.report.compare import Change
from tests.conformance import made_up

PASS, FAIL, WARN = Verdict.PASS, Verdict.FAIL, Verdict.WARN
NA, NOT_RUN = Verdict.NOT_APPLICABLE, Verdict.NOT_RUN


def _report(verdict: Verdict | None) -> Report:
    report = made_up.only(verdict or PASS)
    run = report.runs[0]
    return report if verdict else replace(report, runs=(replace(run, results=()),))


@pytest.mark.parametrize(
    ("old", "new", "change"),
    [
        (PASS, PASS, None),
        (FAIL, FAIL, None),
        (NA, NOT_RUN, None),
        (NOT_RUN, NA, None),
        (PASS, FAIL, Change.BROKEN),
        (WARN, FAIL, Change.BROKEN),
        (NOT_RUN, FAIL, Change.BROKEN),
        (None, FAIL, Change.BROKEN),
        (PASS, WARN, Change.WARNED),
        (NA, WARN, Change.WARNED),
        (None, WARN, Change.WARNED),
        (FAIL, PASS, Change.MENDED),
        (FAIL, WARN, Change.MENDED),
        (WARN, PASS, Change.MENDED),
        (None, PASS, Change.APPEARED),
        (None, NA, Change.APPEARED),
        (NOT_RUN, PASS, Change.APPEARED),
        (PASS, None, Change.GONE),
        (NA, None, Change.GONE),
        (FAIL, NOT_RUN, Change.GONE),
        (PASS, NA, Change.GONE),
    ],
)
def test_each_change_has_its_kind(
    old: Verdict | None, new: Verdict | None, change: Change | None
) -> None:
    """Before and after decide; a failure that is not run any more is not mended."""
    changes = compare.compare(_report(old), _report(new))
    assert [one.change for one in changes] == ([change] if change else [])
    assert compare.fails(changes) == (change is Change.BROKEN)


def test_versions_are_held_apart() -> None:
    """A check that fails at one version has not broken at another."""
    old, new = made_up.only(FAIL), made_up.only(FAIL)
    (run,) = new.runs
    other = Result(made_up.EMPTY, Version.V1, FAIL)
    new = replace(new, runs=(run, replace(run, version=Version.V1, results=(other,))))
    (change,) = compare.compare(old, new)
    assert change.change is Change.BROKEN
    assert change.new is not None
    assert change.new.version is Version.V1


def test_a_server_may_move() -> None:
    """Base URLs do not matter: staging is held against production."""
    new = made_up.report()
    moved = [replace(run, url=run.url.replace("rssp", "new")) for run in new.runs]
    assert compare.compare(made_up.report(), replace(new, runs=tuple(moved))) == ()


def test_two_servers_at_one_version_are_held_against_their_own() -> None:
    """The second of the old report is compared with the second of the new one."""
    report = made_up.only(PASS)
    old = replace(report, runs=(report.runs[0], made_up.only(FAIL).runs[0]))
    new = replace(old, runs=old.runs[::-1])
    assert compare.compare(old, old) == ()
    changes = compare.compare(old, new)
    assert [one.change for one in changes] == [Change.BROKEN, Change.MENDED]


def test_the_story_ends_with_a_sentence() -> None:
    """Kinds with their checks, reasons of the new report, and one line that sums up."""
    file = io.StringIO()
    out = terminal.console(file)
    compare.show(compare.compare(_report(PASS), _report(FAIL)), out)
    text = file.getvalue()
    assert "sign-hash.empty  v2.1.0.1  passed -> failed" in text
    assert "Found so." in text
    assert text.splitlines()[-1] == "1 newly failing."


def test_nothing_changed_says_so() -> None:
    """Silence would leave the reader in doubt."""
    file = io.StringIO()
    compare.show((), terminal.console(file))
    assert file.getvalue() == "Nothing changed.\n"
