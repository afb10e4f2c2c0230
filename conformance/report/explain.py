"""What the checks are: one explained, all listed, and the page for the documentation.

All of it comes from the declarations of the checks, so it cannot say anything else than they do.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from conformance.model import Check, Level, Version
from conformance.report import terminal, words


def show(check: Check, out: Console) -> None:
    """Everything about one check."""
    out.print(Text(check.id, "bold"))
    terminal.field(out, "expects", check.expects)
    terminal.field(out, "level", _level(check.level))
    terminal.field(out, "group", check.group)
    terminal.field(out, "where", words.clauses(check, check.versions))
    if check.methods:
        terminal.field(out, "needs", f"{words.listed(list(check.methods))} in info.methods")
    terminal.field(out, "to change", check.mend)


def listing(checks: Sequence[Check], out: Console) -> None:
    """One line a check: id, level, major versions, expectation."""
    widest = max((len(check.id) for check in checks), default=0)
    for check in checks:
        known = _numbers(check)
        line = f"{check.id.ljust(widest)}  {check.level.value.ljust(11)}  {known.ljust(13)}  "
        text = Text.assemble((line, "bold"), check.expects)
        out.print(text, no_wrap=True, overflow="ellipsis", crop=out.is_terminal)
    out.print(Text(words.amount(len(checks), "check"), "dim"))


def page(checks: Sequence[Check]) -> str:
    """The checks as Markdown, group by group."""
    counts = [f"{sum(one.level is level for one in checks)} {level.value}" for level in Level]
    lines = [
        "# The checks of the conformance suite",
        "",
        "Written from the code by `python tools/docs.py`; do not edit.",
        f"There are {len(checks)} checks: {words.listed(counts)}.",
        "Only a broken SHALL fails a server; the rest warns.",
        "A check runs for the versions whose clause is given.",
        "`python -m conformance --explain ID` tells what to change when it fails.",
    ]
    for group in dict.fromkeys(check.group for check in checks):
        of_group = [check for check in checks if check.group == group]
        lines += ["", f"## {group}", "", *_head(), *(_row(check) for check in of_group)]
    return "\n".join(lines) + "\n"


def _head() -> list[str]:
    columns = ["Check", "Level", *(version.value for version in Version), "Expectation"]
    return [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]


def _row(check: Check) -> str:
    clauses = [check.clauses.get(version, "") for version in Version]
    cells = [f"`{check.id}`", check.level.value, *clauses, check.expects]
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _level(level: Level) -> str:
    end = "fails" if level is Level.SHALL else "is warned"
    return f"{level.value}: a server that breaks it {end}"


def _numbers(check: Check) -> str:
    """The versions, short: ``1.0 2.0 2.1``."""
    return " ".join(version.value[:3] for version in check.versions)
