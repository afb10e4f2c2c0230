"""Words that all reports share: verdicts, clauses, amounts, and text made harmless to show.

What a server answered is shown on terminals, in XML and on pages. Nothing here decides anything.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from conformance.model import Check, Verdict, Version

VERDICTS: Final = {
    Verdict.PASS: "passed",
    Verdict.FAIL: "failed",
    Verdict.WARN: "warned",
    Verdict.NOT_APPLICABLE: "not applicable",
    Verdict.NOT_RUN: "not run",
}
MEANINGS: Final = {
    Verdict.PASS: "The server did what the clause expects.",
    Verdict.FAIL: "The server broke something that the standard demands (SHALL).",
    Verdict.WARN: "The server leaves a recommendation aside or answers in an unusual way. "
    "It may still conform.",
    Verdict.NOT_APPLICABLE: "The server does not announce the method or the feature.",
    Verdict.NOT_RUN: "The profile, the budget or an earlier failure kept the check from running.",
}


def harmless(text: str) -> str:
    """``text`` with everything that does not print, but line ends and tabs, as an escape.

    A server's bytes may move a cursor, turn the direction of text, or be no XML at all.
    """
    text = text.replace("\r\n", "\n")
    return "".join(one if one.isprintable() or one in "\n\t" else _escape(one) for one in text)


def _escape(one: str) -> str:
    return one.encode("unicode_escape").decode("ascii")


def amount(number: int, thing: str, things: str = "") -> str:
    """``1 check``, ``1,234 checks``."""
    word = thing if number == 1 else things or f"{thing}s"
    return f"{number:,} {word}"


def size(number: int) -> str:
    """Bytes for people, in powers of 1000."""
    if number < 1000:
        return amount(number, "byte")
    return f"{number / 1000:.0f} kB" if number < 1_000_000 else f"{number / 1_000_000:.1f} MB"


def duration(seconds: float) -> str:
    """``0.4 s``, ``12 s``, ``2 min 5 s``."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def clauses(check: Check, versions: Iterable[Version]) -> str:
    """Where ``versions`` say what ``check`` asks for: ``clause 11.9 (v1.0.4.0); ...``.

    A bare number is a clause of the CSC API itself; all else names its source.
    """
    by_text: dict[str, list[str]] = {}
    for version in dict.fromkeys(versions):
        by_text.setdefault(check.clauses[version], []).append(f"v{version.value}")
    return "; ".join(
        f"{'clause ' if text[:1].isdigit() else ''}{text} ({listed(known)})"
        for text, known in by_text.items()
    )


def listed(words: list[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
