"""A report as JUnit XML: a test suite per run and group, so that CI systems show it as tests.

A failed check is a failure, a check that said nothing is skipped, a warning passes and speaks in
``system-out``. The form is the one that Jenkins and GitLab read; it has no written standard.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

from conformance.model import Exchange, Report, Result, Run, Verdict
from conformance.report import words

SKIPPED = (Verdict.NOT_APPLICABLE, Verdict.NOT_RUN)


def write(report: Report, file: Path) -> None:
    """``file`` holds the report."""
    file.write_bytes(dumps(report))


def dumps(report: Report) -> bytes:
    """The report as an XML document in UTF-8."""
    results = tuple(result for run in report.runs for result in run.results)
    root = ET.Element("testsuites", _figures(report.name, results))
    for run in report.runs:
        for group in dict.fromkeys(result.check.group for result in run.results):
            of_group = tuple(result for result in run.results if result.check.group == group)
            root.append(_suite(report, run, group, of_group))
    ET.indent(root)
    document: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return document + b"\n"


def _suite(report: Report, run: Run, group: str, results: tuple[Result, ...]) -> ET.Element:
    suite = ET.Element("testsuite", _figures(f"{run.version.value} {group}", results))
    suite.set("timestamp", report.started.strftime("%Y-%m-%dT%H:%M:%S"))
    properties = ET.SubElement(suite, "properties")
    facts = {"url": run.url, "version": run.version.value, "announced": run.announced}
    for name, value in (facts | {"suite": report.suite}).items():
        ET.SubElement(properties, "property", name=name, value=words.harmless(value))
    for result in results:
        suite.append(_case(run, result))
    return suite


def _figures(name: str, results: tuple[Result, ...]) -> dict[str, str]:
    return {
        "name": words.harmless(name),
        "tests": str(len(results)),
        "failures": str(sum(result.verdict is Verdict.FAIL for result in results)),
        "errors": "0",
        "skipped": str(sum(result.verdict in SKIPPED for result in results)),
        "time": f"{sum(result.duration_s for result in results):.3f}",
    }


def _case(run: Run, result: Result) -> ET.Element:
    # CI systems tell cases apart by class name and name: two servers at one version stay two.
    place = f"{run.version.value.replace('.', '_')}.{result.check.group} at {run.url}"
    case = ET.Element(
        "testcase",
        classname=words.harmless(place),
        name=result.check.id,
        time=f"{result.duration_s:.3f}",
    )
    message = words.harmless(" ".join(result.reasons))
    if result.verdict is Verdict.FAIL:
        failure = ET.SubElement(case, "failure", type=result.check.level.value, message=message)
        failure.text = words.harmless(_story(result))
    elif result.verdict in SKIPPED:
        said = f"{words.VERDICTS[result.verdict]}: {message}"
        ET.SubElement(case, "skipped", message=said)
    elif result.verdict is Verdict.WARN:
        ET.SubElement(case, "system-out").text = words.harmless(_story(result))
    return case


def _story(result: Result) -> str:
    check = result.check
    lines = [
        f"{words.VERDICTS[result.verdict]} ({check.level.value})",
        f"Where: {words.clauses(check, [result.version])}",
        f"Expected: {check.expects}",
        *(f"Found: {reason}" for reason in result.reasons),
        f"To change: {check.mend}",
        *(part for exchange in result.exchanges for part in ("", *_lines(exchange))),
    ]
    return "\n".join(lines)


def _lines(exchange: Exchange) -> list[str]:
    answer = str(exchange.status) if exchange.status else f"no answer: {exchange.failure}"
    return [
        f"{exchange.method} {exchange.url}",
        *(f"{name}: {value}" for name, value in exchange.request_headers),
        exchange.request_body,
        f"-> {answer}",
        *(f"{name}: {value}" for name, value in exchange.response_headers),
        exchange.response_body,
    ]
