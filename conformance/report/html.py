"""A report as one HTML page for people who decide: verdict first, evidence below.

The page needs nothing from anywhere: no script, no font, no picture. What a server said is only
text in it, and the content security policy forbids the rest. The markup is in page.html, the look
in page.css.
"""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from conformance.model import Report, Run, Verdict, Version
from conformance.report import digest, words

LEADS: Final = {
    Verdict.FAIL: "Each failed check is a rule of the standard that the server breaks. "
    "A client that relies on it may not work.",
    Verdict.WARN: "Nothing that the standard demands is broken. "
    "What is listed below are recommendations, options and unusual answers.",
    Verdict.PASS: "Everything that was tried is as the standard demands.",
    Verdict.NOT_RUN: "So nothing is known about this server. The reasons are below.",
}
BADGES: Final = {
    Verdict.FAIL: "Does not conform",
    Verdict.WARN: "No failure, with remarks",
    Verdict.PASS: "No failure found",
    Verdict.NOT_RUN: "Not known",
}
MOST: Final = 4
"""Groups that the first paragraph names; the table below it has all."""
_HERE: Final = Path(__file__).parent


def write(report: Report, file: Path) -> None:
    """``file`` holds the page."""
    file.write_text(page(report), encoding="utf-8")


def page(report: Report) -> str:
    """The page."""
    look = (_HERE / "page.css").read_text(encoding="utf-8")
    text: str = (
        _environment()
        .get_template("page.html")
        .render(
            report=report,
            look=Markup(look),  # noqa: S704 - our own file
            look_hash=base64.b64encode(hashlib.sha256(look.encode()).digest()).decode(),
            verdict=digest.worst(report),
            numbers=digest.whole(report),
            rows=digest.rows(report),
            findings={one: _by_group(digest.findings(report, one)) for one in Verdict},
            silences={one: digest.silences(report, one) for one in Verdict},
            leads=LEADS,
            badges=BADGES,
        )
    )
    return text


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_harmless,
    )
    environment.globals.update(
        Verdict=Verdict,
        words=words,
        digest=digest,
        bar=_bar,
        column=_column,
        concerns=_concerns,
        versions=_versions,
        places=_places,
        message=_message,
    )
    environment.filters["prose"] = prose
    return environment


def _harmless(value: object) -> object:
    """Every expression of the page goes through here; only our own markup is left alone."""
    return words.harmless(value) if type(value) is str else value


def prose(text: str) -> Markup:
    """A sentence whose `quoted` words are set as code."""
    parts = [escape(words.harmless(part)) for part in text.split("`")]
    if len(parts) % 2 == 0:
        return escape(words.harmless(text))
    coded = [
        Markup("<code>{}</code>").format(part) if at % 2 else part for at, part in enumerate(parts)
    ]
    return Markup("").join(coded)


def _by_group(findings: tuple[digest.Finding, ...]) -> dict[str, list[digest.Finding]]:
    groups: dict[str, list[digest.Finding]] = {}
    for finding in findings:
        groups.setdefault(finding.check.group, []).append(finding)
    return groups


def _bar(tally: digest.Tally) -> list[tuple[str, float, float]]:
    """Parts of a bar 100 wide: verdict, where it begins, how wide it is.

    What was not run leaves the bar's end empty; what is not applicable has no place in it.
    """
    parts = []
    at = 0.0
    wanted = max(1, tally.total - tally.of(Verdict.NOT_APPLICABLE))
    for verdict in (Verdict.PASS, Verdict.WARN, Verdict.FAIL):
        wide = 100 * tally.of(verdict) / wanted
        if wide:
            parts.append((verdict.value, round(at, 2), round(wide, 2)))
        at += wide
    return parts


def _column(run: Run, report: Report) -> str:
    """What a run is called in the table: its address only where the version is not enough."""
    twice = sum(other.version is run.version for other in report.runs) > 1
    return f"v{run.version.value} at {run.url}" if twice else f"v{run.version.value}"


def _concerns(report: Report, verdict: Verdict) -> str:
    """Which groups, the worst first: ``signatures/signHash (4) and OAuth (3)``."""
    rows = digest.rows(report)
    counts = {row.group: sum(tally.of(verdict) for tally in row.tallies) for row in rows}
    worst = sorted(((group, n) for group, n in counts.items() if n), key=lambda pair: -pair[1])
    told = [f"{group} ({number})" for group, number in worst[:MOST]]
    if worst[MOST:]:
        told.append(words.amount(len(worst) - MOST, "other group"))
    return words.listed(told)


def _versions(finding: digest.Finding) -> list[Version]:
    return [run.version for strand in finding.strands for run, _ in strand.results]


def _places(strand: digest.Strand, report: Report) -> str:
    return words.listed([_column(run, report) for run, _ in strand.results])


def _message(headers: tuple[tuple[str, str], ...], body: str) -> str:
    """Headers and body as they travel."""
    return "\n".join(
        [*(f"{name}: {value}" for name, value in headers), *(["", body] if body else [])]
    )
