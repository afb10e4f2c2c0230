"""Words, numbers and sums that all reports share."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conformance.model import Verdict, Version
from conformance.report import digest, words
from tests.conformance import made_up


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain, Română, ✓", "plain, Română, ✓"),
        ("two\r\nlines\tand a tab", "two\nlines\tand a tab"),
        ("\x1b[2J", "\\x1b[2J"),
        ("\r", "\\r"),
        ("\u202e", "\\u202e"),
        ("\ud800\uffff", "\\ud800\\uffff"),
    ],
)
def test_what_does_not_print_is_shown_as_an_escape(text: str, shown: str) -> None:
    """Nothing of a server moves a cursor, turns text around or breaks XML."""
    assert words.harmless(text) == shown


def test_amounts_and_times_read_well() -> None:
    """One check, many checks; seconds, minutes; bytes."""
    assert words.amount(1, "check") == "1 check"
    assert words.amount(1234, "check") == "1,234 checks"
    assert [words.duration(one) for one in (0.04, 9.94, 64.9, 120)] == [
        "0.0 s",
        "9.9 s",
        "1 min 5 s",
        "2 min 0 s",
    ]
    assert [words.size(one) for one in (1, 2345, 2_345_678)] == ["1 byte", "2 kB", "2.3 MB"]


def test_clauses_name_their_source_and_equal_ones_stand_together() -> None:
    """A bare number is a clause of the CSC API; the versions stand behind it."""
    assert words.clauses(made_up.EMPTY, Version) == (
        "clause 11.9 (v1.0.4.0); clause 11.10 (v2.0.0.2 and v2.1.0.1)"
    )
    other = replace(made_up.EMPTY, clauses={Version.V21: "RFC 7636 4.6"})
    assert words.clauses(other, [Version.V21]) == "RFC 7636 4.6 (v2.1.0.1)"


@pytest.mark.parametrize(
    ("verdict", "sentence"),
    [
        (Verdict.FAIL, "Sample RSSP fails 1 of 1 check."),
        (Verdict.WARN, "Sample RSSP fails none of 1 check; 1 point is worth a look."),
        (Verdict.PASS, "Sample RSSP passes 1 check and fails none."),
        (Verdict.NOT_APPLICABLE, "Nothing about Sample RSSP could be checked."),
        (Verdict.NOT_RUN, "Nothing about Sample RSSP could be checked."),
    ],
)
def test_the_verdict_is_one_sentence(verdict: Verdict, sentence: str) -> None:
    """The worst thing found decides; what was not tried proves nothing."""
    assert digest.sentence(made_up.only(verdict)) == sentence


def test_equal_reasons_are_told_once() -> None:
    """A finding on three versions has one strand where they say the same, three where not."""
    report = made_up.report()
    stall, _ = digest.findings(report, Verdict.FAIL)
    assert [len(strand.results) for strand in stall.strands] == [3]
    (text,) = digest.findings(report, Verdict.WARN)
    assert [len(strand.results) for strand in text.strands] == [1, 1, 1]


def test_the_commonest_reason_comes_first() -> None:
    """Why checks were not run, by how many it kept from running."""
    report = made_up.only(Verdict.NOT_RUN)
    (result,) = report.runs[0].results
    reasons = (("read-only",), ("the budget is used up",), ("the budget is used up",))
    results = tuple(replace(result, reasons=reason) for reason in reasons)
    report = replace(report, runs=(replace(report.runs[0], results=results),))
    found = digest.silences(report, Verdict.NOT_RUN)
    assert [(one.reason, len(one.results)) for one in found] == [
        ("the budget is used up", 2),
        ("read-only", 1),
    ]


def test_a_row_has_a_tally_for_each_run() -> None:
    """Groups stand in the order in which they were checked."""
    rows = digest.rows(made_up.report(Version.V1, Version.V21))
    assert [row.group for row in rows][:2] == ["info", "signatures/signHash"]
    assert [tally.total for tally in rows[1].tallies] == [3, 3]
    assert [tally.tried for tally in rows[2].tallies] == [0, 0]
