"""What a report comes to: one sentence, numbers by group, findings by check.

The terminal, JUnit and the page show the same, from here. Nothing is written here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from conformance.model import Check, Report, Result, Run, Verdict
from conformance.report import words


@dataclass(frozen=True, slots=True)
class Tally:
    """How many checks ended how."""

    counts: tuple[tuple[Verdict, int], ...]
    """Every verdict once, in the order of the enumeration."""

    def of(self, verdict: Verdict) -> int:
        """How many ended so."""
        return dict(self.counts)[verdict]

    @property
    def total(self) -> int:
        """All of them."""
        return sum(number for _, number in self.counts)

    @property
    def tried(self) -> int:
        """Those that say something about the server."""
        return sum(self.of(one) for one in (Verdict.PASS, Verdict.FAIL, Verdict.WARN))


@dataclass(frozen=True, slots=True)
class Row:
    """A group of checks across the runs."""

    group: str
    tallies: tuple[Tally, ...]
    """One a run, in the order of the report's runs."""


@dataclass(frozen=True, slots=True)
class Strand:
    """Results of one check that say the same, on one or several runs."""

    reasons: tuple[str, ...]
    results: tuple[tuple[Run, Result], ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """Everything that one check found, over all runs."""

    check: Check
    strands: tuple[Strand, ...]


@dataclass(frozen=True, slots=True)
class Silence:
    """Why some checks say nothing, and which."""

    reason: str
    results: tuple[Result, ...]


def tally(results: tuple[Result, ...]) -> Tally:
    """Count ``results`` by verdict."""
    return Tally(tuple((one, sum(result.verdict is one for result in results)) for one in Verdict))


def whole(report: Report) -> Tally:
    """Count everything in the report."""
    return tally(tuple(result for _, result in _each(report)))


def rows(report: Report) -> tuple[Row, ...]:
    """One row a group, in the order in which the groups were checked."""
    groups = dict.fromkeys(result.check.group for _, result in _each(report))
    return tuple(
        Row(group, tuple(tally(_of_group(run, group)) for run in report.runs)) for group in groups
    )


def findings(report: Report, verdict: Verdict) -> tuple[Finding, ...]:
    """What ended with ``verdict``, one finding a check, equal reasons told once."""
    by_check: dict[str, list[tuple[Run, Result]]] = {}
    for run, result in _each(report):
        if result.verdict is verdict:
            by_check.setdefault(result.check.id, []).append((run, result))
    return tuple(Finding(found[0][1].check, _strands(found)) for found in by_check.values())


def silences(report: Report, verdict: Verdict) -> tuple[Silence, ...]:
    """What ended with ``verdict``, by reason, the commonest first."""
    by_reason: dict[str, list[Result]] = {}
    for _, result in _each(report):
        if result.verdict is verdict:
            by_reason.setdefault(" ".join(result.reasons), []).append(result)
    found = [Silence(reason, tuple(results)) for reason, results in by_reason.items()]
    return tuple(sorted(found, key=lambda silence: -len(silence.results)))


def worst(report: Report) -> Verdict:
    """The verdict on the server: fail, warn, pass, or not run when nothing was tried."""
    for verdict in (Verdict.FAIL, Verdict.WARN, Verdict.PASS):
        if report.count(verdict):
            return verdict
    return Verdict.NOT_RUN


def sentence(report: Report) -> str:
    """The verdict in one sentence."""
    numbers = whole(report)
    checks = words.amount(numbers.tried, "check")
    match worst(report):
        case Verdict.FAIL:
            return f"{report.name} fails {numbers.of(Verdict.FAIL)} of {checks}."
        case Verdict.WARN:
            points = words.amount(numbers.of(Verdict.WARN), "point is", "points are")
            return f"{report.name} fails none of {checks}; {points} worth a look."
        case Verdict.PASS:
            return f"{report.name} passes {checks} and fails none."
        case _:
            return f"Nothing about {report.name} could be checked."


def _each(report: Report) -> Iterator[tuple[Run, Result]]:
    return ((run, result) for run in report.runs for result in run.results)


def _of_group(run: Run, group: str) -> tuple[Result, ...]:
    return tuple(result for result in run.results if result.check.group == group)


def _strands(found: list[tuple[Run, Result]]) -> tuple[Strand, ...]:
    by_reasons: dict[tuple[str, ...], list[tuple[Run, Result]]] = {}
    for run, result in found:
        by_reasons.setdefault(result.reasons, []).append((run, result))
    return tuple(Strand(reasons, tuple(pairs)) for reasons, pairs in by_reasons.items())
