"""A report as a JSON file, and back.

The file carries all that it speaks of: checks that a later suite no longer has can still be shown
and compared. What the members mean stands in README.md.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

from conformance.errors import BadProfile
from conformance.model import (
    Check,
    Exchange,
    Level,
    Report,
    Result,
    Run,
    Verdict,
    Version,
)

if TYPE_CHECKING:
    from conformance.target import Target

FORMAT: Final = "csc-conformance-report"
SCHEMA: Final = 1
"""Raised when a member changes its name or meaning; new members do not raise it."""


def write(report: Report, file: Path) -> None:
    """``file`` holds the report."""
    file.write_text(dumps(report), encoding="utf-8")


def read(file: Path) -> Report:
    """The report in ``file``.

    Raises:
        BadProfile: No such file, or not one of ours.
    """
    try:
        return loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise BadProfile(f"{file} cannot be read: {error}") from error
    except ValueError as error:
        raise BadProfile(f"{file} is no report of this suite: {error}") from error


def dumps(report: Report) -> str:
    """The report as text, ASCII only: what a server sent cannot break the file."""
    return json.dumps(_report(report), indent=1) + "\n"


def loads(text: str) -> Report:
    """The report that ``dumps`` wrote.

    Raises:
        ValueError: The text is something else.
    """
    tree = json.loads(text)
    if not isinstance(tree, dict) or tree.get("format") != FORMAT:
        raise ValueError(f"the member format is not {FORMAT}")
    if tree.get("schema") != SCHEMA:
        raise ValueError(f"it has schema {tree.get('schema')}, this suite reads {SCHEMA}")
    try:
        return _read_report(tree)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"something is missing or of another type: {error}") from error


def _report(report: Report) -> dict[str, Any]:
    checks = {result.check.id: result.check for run in report.runs for result in run.results}
    return {
        "format": FORMAT,
        "schema": SCHEMA,
        "name": report.name,
        "suite": report.suite,
        "started": report.started.isoformat(),
        "duration_s": report.duration_s,
        "requests": report.requests,
        "bytes": report.bytes,
        "counts": {verdict.value: report.count(verdict) for verdict in Verdict},
        "checks": {check.id: _check(check) for check in checks.values()},
        "runs": [_run(run) for run in report.runs],
    }


def _check(check: Check) -> dict[str, Any]:
    return {
        "group": check.group,
        "level": check.level.value,
        "clauses": {version.value: clause for version, clause in check.clauses.items()},
        "expects": check.expects,
        "mend": check.mend,
        "methods": list(check.methods),
    }


def _run(run: Run) -> dict[str, Any]:
    return {
        "url": run.url,
        "version": run.version.value,
        "announced": run.announced,
        "results": [_result(result) for result in run.results],
    }


def _result(result: Result) -> dict[str, Any]:
    return {
        "check": result.check.id,
        "verdict": result.verdict.value,
        "reasons": list(result.reasons),
        "duration_s": result.duration_s,
        "exchanges": [_exchange(exchange) for exchange in result.exchanges],
    }


def _exchange(exchange: Exchange) -> dict[str, Any]:
    return {
        "method": exchange.method,
        "url": exchange.url,
        "request_headers": [list(pair) for pair in exchange.request_headers],
        "request_body": exchange.request_body,
        "status": exchange.status,
        "response_headers": [list(pair) for pair in exchange.response_headers],
        "response_body": exchange.response_body,
        "failure": exchange.failure,
        "duration_ms": exchange.duration_ms,
    }


def _read_report(tree: dict[str, Any]) -> Report:
    checks = {name: _read_check(name, check) for name, check in tree["checks"].items()}
    return Report(
        name=tree["name"],
        suite=tree["suite"],
        started=datetime.fromisoformat(tree["started"]),
        duration_s=tree["duration_s"],
        requests=tree["requests"],
        bytes=tree["bytes"],
        runs=tuple(_read_run(run, checks) for run in tree["runs"]),
    )


def _read_check(name: str, tree: dict[str, Any]) -> Check:
    return Check(
        id=name,
        group=tree["group"],
        clauses={Version(version): clause for version, clause in tree["clauses"].items()},
        level=Level(tree["level"]),
        expects=tree["expects"],
        mend=tree["mend"],
        methods=tuple(tree["methods"]),
        run=_cannot_run,
    )


async def _cannot_run(_: Target) -> NoReturn:
    raise RuntimeError("this check comes from a file and can only be shown")


def _read_run(tree: dict[str, Any], checks: dict[str, Check]) -> Run:
    version = Version(tree["version"])
    return Run(
        url=tree["url"],
        version=version,
        announced=tree["announced"],
        results=tuple(_read_result(result, version, checks) for result in tree["results"]),
    )


def _read_result(tree: dict[str, Any], version: Version, checks: dict[str, Check]) -> Result:
    return Result(
        check=checks[tree["check"]],
        version=version,
        verdict=Verdict(tree["verdict"]),
        reasons=tuple(tree["reasons"]),
        exchanges=tuple(_read_exchange(exchange) for exchange in tree["exchanges"]),
        duration_s=tree["duration_s"],
    )


def _read_exchange(tree: dict[str, Any]) -> Exchange:
    return Exchange(
        method=tree["method"],
        url=tree["url"],
        request_headers=_pairs(tree["request_headers"]),
        request_body=tree["request_body"],
        status=tree["status"],
        response_headers=_pairs(tree["response_headers"]),
        response_body=tree["response_body"],
        failure=tree["failure"],
        duration_ms=tree["duration_ms"],
    )


def _pairs(rows: list[list[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in rows)
