"""Checks explained and listed, and the page of them in the documentation."""

from __future__ import annotations

import io
from dataclasses import replace

from rich.console import Console

from conformance.model import Version
from conformance.report import explain, terminal
from tests.conformance import made_up


def test_an_explanation_has_everything() -> None:
    """Expectation, level and what it means, clauses, what is needed, what to change."""
    file = io.StringIO()
    explain.show(made_up.TEXT, terminal.console(file))
    text = file.getvalue()
    for part in (
        made_up.TEXT.id,
        made_up.TEXT.expects,
        made_up.TEXT.mend,
        "SHOULD: a server that breaks it is warned",
        "clause 11.9 (v1.0.4.0); clause 11.10 (v2.0.0.2 and v2.1.0.1)",
        "signatures/signHash in info.methods",
    ):
        assert part in text


def test_a_list_has_one_line_a_check() -> None:
    """In a log whole, on a terminal cut at its edge."""
    checks = [made_up.EMPTY, replace(made_up.TEXT, clauses={Version.V21: "11.10"})]
    file = io.StringIO()
    explain.listing(checks, terminal.console(file))
    assert file.getvalue().splitlines() == [
        f"sign-hash.empty  SHALL        1.0 2.0 2.1    {made_up.EMPTY.expects}",
        f"sign-hash.text   SHOULD       2.1            {made_up.TEXT.expects}",
        "2 checks",
    ]
    screen = io.StringIO()
    explain.listing(checks, Console(file=screen, force_terminal=True, width=60, color_system=None))
    assert all(len(line) <= 60 for line in screen.getvalue().splitlines())
    assert len(screen.getvalue().splitlines()) == 3


def test_the_page_escapes_what_ends_a_cell() -> None:
    """A bar in an expectation does not tear the table."""
    page = explain.page([replace(made_up.EMPTY, expects="`a|b` is refused.")])
    assert r"| `a\|b` is refused. |" in page
    assert "There are 1 checks: 1 SHALL, 0 SHOULD, 0 MAY and 0 RECOMMENDED." in page
