"""Reports without a server: enough of everything that a report may hold, hostile text included."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

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
from conformance.target import Target

T0 = datetime(2026, 11, 23, 10, 42, 7, tzinfo=UTC)
HOSTILE = "\x1b[2J\x00\u202e]]><script>alert(1)</script>[red]&\ud800"
"""Clears a screen, ends XML, turns text around, runs a script, is markup, is no UTF-8."""


async def nothing(_: Target) -> None:
    """Check nothing."""


def check(name: str, level: Level = Level.SHALL, group: str = "signatures/signHash") -> Check:
    """A check of all three versions."""
    return Check(
        id=name,
        group=group,
        clauses={Version.V1: "11.9", Version.V20: "11.10", Version.V21: "11.10"},
        level=level,
        expects="An empty array of hashes is refused with 400 invalid_request.",
        mend="Check that the array has an element before the SAD is looked at.",
        methods=(group,),
        run=nothing,
    )


def exchange(response_body: str = '{"signatures":[]}') -> Exchange:
    """A signHash that should have been refused."""
    return Exchange(
        method="POST",
        url="https://rssp.example/csc/v2/signatures/signHash",
        request_headers=(("Content-Type", "application/json"), ("Authorization", "Bearer ••••")),
        request_body='{"credentialID":"CRED-1","SAD":"••••","hashes":[]}',
        status=200,
        response_headers=(("Content-Type", "application/json;charset=UTF-8"),),
        response_body=response_body,
        failure="",
        duration_ms=12.25,
    )


def silent() -> Exchange:
    """A request that nobody answered."""
    return replace(
        exchange(""),
        status=None,
        response_headers=(),
        failure="No answer within 10 s.",
        duration_ms=10_000.0,
    )


EMPTY = check("sign-hash.empty")
ORDER = check("sign-hash.order")
TEXT = check("sign-hash.text", Level.SHOULD)
SHAPE = check("info.shape", group="info")
STALL = check("info.stall", group="info")
STAMP = check("timestamp.policy", group="signatures/timestamp")
BUDGET = check("oauth.reuse", group="OAuth")


def run(version: Version) -> Run:
    """One of everything."""
    found: list[tuple[Check, Verdict, tuple[str, ...], tuple[Exchange, ...]]] = [
        (SHAPE, Verdict.PASS, (), ()),
        (STALL, Verdict.FAIL, ("No answer within 10 s.",), (silent(),)),
        (EMPTY, Verdict.FAIL, (f"Answered 200 {HOSTILE}.",), (exchange(HOSTILE),)),
        (ORDER, Verdict.PASS, (), ()),
        (TEXT, Verdict.WARN, (f"{version.value} says it in other words.",), (exchange(),)),
        (STAMP, Verdict.NOT_APPLICABLE, ("info.methods has no signatures/timestamp",), ()),
        (BUDGET, Verdict.NOT_RUN, ("the budget of 5 requests is used up",), ()),
    ]
    return Run(
        url=f"https://rssp.example/csc/v{version.major}",
        version=version,
        announced=version.value,
        results=tuple(
            Result(one, version, verdict, reasons, exchanges, 0.25)
            for one, verdict, reasons, exchanges in found
        ),
    )


def report(*versions: Version) -> Report:
    """One of everything for each version; for all three when none is named."""
    return Report(
        name="Sample RSSP",
        suite="0.1.0",
        started=T0,
        duration_s=64.9,
        requests=1234,
        bytes=2_345_678,
        runs=tuple(run(version) for version in versions or tuple(Version)),
    )


def only(verdict: Verdict, one: Check = EMPTY) -> Report:
    """A report with one result."""
    reasons = () if verdict is Verdict.PASS else ("Found so.",)
    result = Result(one, Version.V21, verdict, reasons)
    whole = report(Version.V21)
    return replace(whole, runs=(replace(whole.runs[0], results=(result,)),))
