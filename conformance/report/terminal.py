"""What a person sees on the terminal: progress, then findings, then numbers and the verdict.

Without a terminal the same as plain lines, none of them broken, for logs. Colours follow NO_COLOR.
Text of a server is never markup here and never moves the cursor.
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Final, Self, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn
from rich.table import Table
from rich.text import Text

from conformance.model import Exchange, Report, Result, Run, Verdict, Version
from conformance.report import digest, words

if TYPE_CHECKING:
    from types import TracebackType

STYLES: Final = {
    Verdict.PASS: "green",
    Verdict.FAIL: "bold red",
    Verdict.WARN: "yellow",
    Verdict.NOT_APPLICABLE: "dim",
    Verdict.NOT_RUN: "dim",
}
WIDE: Final = 200
"""Columns where there is no terminal: a log's lines are searched, not read side by side."""
_LABEL: Final = 10


def console(file: TextIO) -> Console:
    """A console on ``file`` that takes no text for markup."""
    out = Console(file=file, markup=False, highlight=False, emoji=False)
    if not out.is_terminal:
        out.width = WIDE
    return out


class Watch:
    """Progress of a run, until it is left; then it is gone from the screen."""

    def __init__(self, out: Console, *, live: bool) -> None:
        """``live``: bars that move; not where something else may write, or a person is asked."""
        self._out = out
        self._live = live and out.is_terminal
        self._bars = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[state]}", markup=False),
            console=out,
            transient=True,
            disable=not self._live,
        )
        self._bar: TaskID | None = None
        self._failed = 0

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bars.stop()

    def started(self, url: str, version: Version, count: int) -> None:
        """A bar for ``count`` checks on ``url``."""
        place = words.harmless(f"{url} as v{version.value}")
        self._failed = 0
        self._bar = self._bars.add_task(place, total=count, state="")
        if not self._live:
            self._out.print(Text(f"{place}: {words.amount(count, 'check')}"), soft_wrap=True)

    def ended(self, result: Result) -> None:
        """One check further."""
        if self._bar is None:
            return
        self._failed += result.verdict is Verdict.FAIL
        state = f"{self._failed} failed" if self._failed else result.check.group
        self._bars.update(self._bar, advance=1, state=state)


def show(report: Report, out: Console) -> None:
    """Findings, numbers, verdict: the verdict last, where the eye is when all has scrolled by."""
    for verdict, title in ((Verdict.WARN, "Warnings"), (Verdict.FAIL, "Failures")):
        found = digest.findings(report, verdict)
        if found:
            _heading(out, f"{title} ({len(found)})", STYLES[verdict])
        for one in found:
            _finding(out, one, verdict)
    _unsaid(report, out)
    _heading(out, "By clause group", "bold")
    out.print(_table(report))
    out.print()
    verdict_line(report, out)


def verdict_line(report: Report, out: Console) -> None:
    """The verdict, and how much it cost to know."""
    numbers = digest.whole(report)
    counts = words.listed(
        [f"{number} {words.VERDICTS[one]}" for one, number in numbers.counts if number]
    )
    out.print(
        Text(words.harmless(digest.sentence(report)), STYLES[digest.worst(report)]), soft_wrap=True
    )
    cost = f"{words.amount(report.requests, 'request')}, {words.size(report.bytes)}"
    said = f"{counts or 'no checks'}; {cost}, {words.duration(report.duration_s)}."
    out.print(Text(said, "dim"), soft_wrap=True)


def field(out: Console, label: str, value: str, style: str = "") -> None:
    """A labelled line, broken with a hanging indent on a terminal and whole in a log."""
    value = words.harmless(value)
    lines = value.splitlines() or [""]
    if out.is_terminal:
        room = max(20, out.width - _LABEL - 4)
        lines = [part for line in lines for part in textwrap.wrap(line, room) or [""]]
    for number, line in enumerate(lines):
        shown = label if number == 0 else ""
        text = Text.assemble("  ", (shown.ljust(_LABEL), "dim"), "  ", (line, style))
        out.print(text, soft_wrap=True)


def _heading(out: Console, text: str, style: str) -> None:
    out.print()
    out.print(Text(text, style), soft_wrap=True)


def _finding(out: Console, finding: digest.Finding, verdict: Verdict) -> None:
    check = finding.check
    out.print()
    title = Text.assemble((check.id, STYLES[verdict]), f"  {check.group}, {check.level.value}")
    out.print(title, soft_wrap=True)
    field(out, "expected", check.expects)
    for strand in finding.strands:
        for reason in strand.reasons:
            field(out, "found", reason)
        field(out, "where", words.clauses(check, (run.version for run, _ in strand.results)))
        exchanges = strand.results[-1][1].exchanges
        if exchanges:
            field(out, "", _last(exchanges[-1]), "dim")
    field(out, "to change", check.mend)


def _last(exchange: Exchange) -> str:
    answer = str(exchange.status) if exchange.status else exchange.failure
    return f"{exchange.method} {exchange.url} -> {answer}"


def _unsaid(report: Report, out: Console) -> None:
    silences = digest.silences(report, Verdict.NOT_RUN)
    if not silences:
        return
    _heading(out, f"Not run ({report.count(Verdict.NOT_RUN)})", "bold")
    for silence in silences:
        names = dict.fromkeys(result.check.id for result in silence.results)
        field(out, words.amount(len(silence.results), "check"), silence.reason)
        field(out, "", ", ".join(names), "dim")


def _table(report: Report) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    table.add_column("", no_wrap=True)
    for run in report.runs:
        table.add_column(Text(words.harmless(_title(run, report))), overflow="fold")
    for row in digest.rows(report):
        table.add_row(Text(f"  {row.group}"), *(_cell(tally) for tally in row.tallies))
    return table


def _title(run: Run, report: Report) -> str:
    twice = sum(other.version is run.version for other in report.runs) > 1
    return f"v{run.version.value}\n{run.url}" if twice else f"v{run.version.value}"


def _cell(tally: digest.Tally) -> Text:
    parts = [
        (f"{tally.of(one)} {words.VERDICTS[one]}", STYLES[one])
        for one in Verdict
        if tally.of(one) and (one is not Verdict.NOT_APPLICABLE or not tally.tried)
    ]
    return Text(", ").join(Text(text, style) for text, style in parts)
