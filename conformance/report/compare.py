"""What changed between two reports: newly failing, mended, newly warned, appeared, gone.

A check is the same when id and version are; of several base URLs at one version the first is held
against the first, the second against the second, so that a server may move.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Final

from rich.console import Console
from rich.text import Text

from conformance.model import Report, Result, Verdict
from conformance.report import terminal, words

Key = tuple[str, str, int]
"""Id of the check, version, place among the runs of that version."""


class Change(enum.Enum):
    """What happened to a check."""

    BROKEN = "Newly failing"
    WARNED = "Newly warned"
    MENDED = "Mended"
    APPEARED = "Appeared"
    GONE = "Gone"


STYLES: Final = {
    Change.BROKEN: terminal.STYLES[Verdict.FAIL],
    Change.WARNED: terminal.STYLES[Verdict.WARN],
    Change.MENDED: terminal.STYLES[Verdict.PASS],
    Change.APPEARED: "bold",
    Change.GONE: "bold",
}
_TRIED: Final = (Verdict.PASS, Verdict.WARN, Verdict.FAIL)


@dataclass(frozen=True, slots=True)
class Changed:
    """One check that is not as it was."""

    change: Change
    old: Result | None
    new: Result | None

    @property
    def newest(self) -> Result:
        """The later of the two."""
        found = self.new or self.old
        if found is None:
            raise ValueError("a change is between two results, of which one may be missing")
        return found


def compare(old: Report, new: Report) -> tuple[Changed, ...]:
    """All changes, the new report's order first."""
    before, after = _by_key(old), _by_key(new)
    pairs = [(before.get(key), after.get(key)) for key in dict.fromkeys([*after, *before])]
    changes = [(_change(one, other), one, other) for one, other in pairs]
    return tuple(Changed(change, one, other) for change, one, other in changes if change)


def fails(changes: tuple[Changed, ...]) -> bool:
    """Whether something fails that did not fail before."""
    return any(one.change is Change.BROKEN for one in changes)


def show(changes: tuple[Changed, ...], out: Console) -> None:
    """The changes by kind, the bad ones last; one sentence at the end."""
    for kind in reversed(Change):
        found = [one for one in changes if one.change is kind]
        if not found:
            continue
        out.print(Text(f"{kind.value} ({len(found)})", STYLES[kind]))
        for one in found:
            _line(one, out)
        out.print()
    counts = [sum(one.change is kind for one in changes) for kind in Change]
    told = [
        f"{count} {kind.value.lower()}" for kind, count in zip(Change, counts, strict=True) if count
    ]
    style = STYLES[Change.BROKEN] if fails(changes) else ""
    out.print(Text(words.listed(told) + "." if told else "Nothing changed.", style))


def _by_key(report: Report) -> dict[Key, Result]:
    found: dict[Key, Result] = {}
    places: dict[str, int] = {}
    for run in report.runs:
        version = run.version.value
        places[version] = places.get(version, -1) + 1
        for result in run.results:
            found[result.check.id, version, places[version]] = result
    return found


def _change(old: Result | None, new: Result | None) -> Change | None:
    """The kind of a change; None: no change that matters.

    A check that fails in the new report alone is newly failing, whether the old one had it or not:
    a script that keeps failures out wants to hear of it.
    """
    before = old.verdict if old else None
    after = new.verdict if new else None
    if before is after:
        return None
    if after is Verdict.FAIL:
        return Change.BROKEN
    if before is Verdict.FAIL and after in _TRIED:
        return Change.MENDED
    if after is Verdict.WARN:
        return Change.WARNED
    if before is Verdict.WARN and after is Verdict.PASS:
        return Change.MENDED
    if before in _TRIED or after is None:
        return Change.GONE
    return Change.APPEARED if before is None or after in _TRIED else None


def _line(one: Changed, out: Console) -> None:
    was = words.VERDICTS[one.old.verdict] if one.old else "absent"
    now = words.VERDICTS[one.new.verdict] if one.new else "absent"
    newest = one.newest
    title = f"  {newest.check.id}  v{newest.version.value}  {was} -> {now}"
    out.print(Text(title), soft_wrap=True)
    for reason in one.new.reasons if one.new else ():
        terminal.field(out, "", reason, "dim")
