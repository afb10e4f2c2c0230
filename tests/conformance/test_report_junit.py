"""The JUnit report: what CI systems count and show."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from conformance.model import Report, Verdict, Version
from conformance.report import junit
from tests.conformance import made_up


def _parsed(report: Report) -> ET.Element:
    return ET.fromstring(junit.dumps(report))  # noqa: S314 - our own document


def test_a_suite_for_each_run_and_group() -> None:
    """Each group of each run is a suite of its own, which says where it ran."""
    suites = _parsed(made_up.report(Version.V1, Version.V21)).findall("testsuite")
    names = [suite.get("name") for suite in suites]
    assert names[:2] == ["1.0.4.0 info", "1.0.4.0 signatures/signHash"]
    assert names[4:6] == ["2.1.0.1 info", "2.1.0.1 signatures/signHash"]
    facts = {one.get("name"): one.get("value") for one in suites[0].iter("property")}
    assert facts["url"] == "https://rssp.example/csc/v1"


def test_the_figures_add_up() -> None:
    """What the root counts is the sum of its suites, and of their cases."""
    root = _parsed(made_up.report())
    for figure, tag in {"tests": "testcase", "failures": "failure", "skipped": "skipped"}.items():
        total = int(root.get(figure, ""))
        assert total == sum(int(suite.get(figure, "")) for suite in root)
        assert total == len(list(root.iter(tag)))
    assert root.get("failures") == "6"
    assert root.get("skipped") == "6"


@pytest.mark.parametrize(
    ("verdict", "child"),
    [
        (Verdict.PASS, None),
        (Verdict.FAIL, "failure"),
        (Verdict.WARN, "system-out"),
        (Verdict.NOT_APPLICABLE, "skipped"),
        (Verdict.NOT_RUN, "skipped"),
    ],
)
def test_each_verdict_has_its_element(verdict: Verdict, child: str | None) -> None:
    """A CI system shows a failure, a skipped test, a passed one with output, a passed one."""
    (case,) = _parsed(made_up.only(verdict)).iter("testcase")
    assert [one.tag for one in case] == ([child] if child else [])


def test_a_failure_says_what_was_found_and_what_to_change() -> None:
    """The message is the reason; the text has the clause, the expectation, the exchange."""
    root = _parsed(made_up.report(Version.V21))
    failure = root.find(".//testcase[@name='info.stall']/failure")
    assert failure is not None
    assert failure.get("message") == "No answer within 10 s."
    text = failure.text or ""
    for part in (
        "clause 11.10 (v2.1.0.1)",
        made_up.STALL.expects,
        made_up.STALL.mend,
        "POST https",
    ):
        assert part in text


def test_two_servers_at_one_version_stay_apart() -> None:
    """Cases of two base URLs have different class names."""
    one = made_up.report(Version.V21)
    other = replace(one.runs[0], url="https://other.example/csc/v2")
    cases = list(_parsed(replace(one, runs=(*one.runs, other))).iter("testcase"))
    assert len({(case.get("classname"), case.get("name")) for case in cases}) == len(cases)
