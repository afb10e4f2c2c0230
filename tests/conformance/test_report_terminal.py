"""The report on a terminal and in a log."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from conformance.model import Verdict, Version
from conformance.report import terminal
from tests.conformance import made_up


def _log() -> tuple[io.StringIO, Console]:
    file = io.StringIO()
    return file, terminal.console(file)


def _screen(width: int = 80) -> tuple[io.StringIO, Console]:
    file = io.StringIO()
    return file, Console(file=file, force_terminal=True, width=width, markup=False)


def test_a_log_has_no_escapes_and_whole_lines() -> None:
    """Without a terminal the report is plain text that can be searched."""
    file, out = _log()
    terminal.show(made_up.report(), out)
    text = file.getvalue()
    assert "\x1b" not in text
    assert made_up.EMPTY.expects in text
    assert made_up.EMPTY.mend in text
    assert "the budget of 5 requests is used up" in text


def test_the_table_of_a_log_is_not_broken() -> None:
    """A row stays a line, however many runs there are."""
    file, out = _log()
    terminal.show(made_up.report(), out)
    row = next(line for line in file.getvalue().splitlines() if "signatures/signHash  " in line)
    assert row.count("1 passed, 1 failed, 1 warned") == 3


def test_the_verdict_stands_at_the_end() -> None:
    """Where the eye is when all has scrolled by."""
    file, out = _log()
    terminal.show(made_up.report(), out)
    assert file.getvalue().splitlines()[-2] == "Sample RSSP fails 6 of 15 checks."


def test_a_server_cannot_move_the_cursor() -> None:
    """Escapes in an answer are shown, not obeyed; brackets are no markup."""
    file, out = _screen(200)
    terminal.show(made_up.report(Version.V21), out)
    assert "\x1b[2J" not in file.getvalue()
    assert "\\x1b[2J" in file.getvalue()
    assert "[red]" in file.getvalue()


def test_lines_fit_the_screen() -> None:
    """On a terminal no line is longer than it is wide."""
    file, out = _screen(60)
    out.no_color = True
    terminal.field(out, "expected", "word " * 40)
    lines = file.getvalue().splitlines()
    assert len(lines) > 3
    assert all(len(line.replace("\x1b[2m", "").replace("\x1b[0m", "")) <= 60 for line in lines)


def test_no_color(monkeypatch: pytest.MonkeyPatch) -> None:
    """NO_COLOR is obeyed: emphasis stays, colours do not."""
    monkeypatch.setenv("NO_COLOR", "1")
    file, out = _screen()
    terminal.show(made_up.report(), out)
    assert "\x1b[31m" not in file.getvalue()
    assert "31m" not in file.getvalue()


def test_progress_in_a_log_is_one_line_a_run() -> None:
    """A log says what is checked, not how the bar moves."""
    file, out = _log()
    with terminal.Watch(out, live=True) as watch:
        watch.started("https://rssp.example/csc/v2", Version.V21, 2)
        for result in made_up.run(Version.V21).results:
            watch.ended(result)
    assert file.getvalue() == "https://rssp.example/csc/v2 as v2.1.0.1: 2 checks\n"


def test_progress_on_a_screen_counts_failures() -> None:
    """The bar says early that something failed, and is gone at the end."""
    file, out = _screen()
    with terminal.Watch(out, live=True) as watch:
        watch.started("https://rssp.example/csc/v2", Version.V21, 7)
        for result in made_up.run(Version.V21).results:
            watch.ended(result)
    text = file.getvalue()
    assert "2 failed" in text
    assert "7/7" in text
    assert text.endswith("\x1b[2K")


def test_nothing_failed_says_so() -> None:
    """A report of passes has neither findings nor reasons."""
    file, out = _log()
    terminal.show(made_up.only(Verdict.PASS), out)
    text = file.getvalue()
    assert "Failures" not in text
    assert "Warnings" not in text
    assert "Not run" not in text
