"""The words of the suite: versions, levels, checks, verdicts, exchanges, reports.

Values only. How checks are collected is in ``registry``, how they are run in ``runner``.
"""

from __future__ import annotations

import enum
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conformance.target import Target


class Version(enum.Enum):
    """A version of the CSC API, by the number that its text carries."""

    V1 = "1.0.4.0"
    V20 = "2.0.0.2"
    V21 = "2.1.0.1"

    @property
    def major(self) -> int:
        """The number in the base URI."""
        return int(self.value[0])


class Level(enum.Enum):
    """How much a check asks for. Only a broken ``SHALL`` fails a server; the rest warns."""

    SHALL = "SHALL"
    SHOULD = "SHOULD"
    MAY = "MAY"
    OURS = "RECOMMENDED"
    """Our own recommendation where the standard is silent or contradicts itself."""


class Verdict(enum.Enum):
    """How a check ended."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    FAIL = "fail"
    WARN = "warn"
    NOT_APPLICABLE = "not applicable"
    """The server does not announce what the check is about."""
    NOT_RUN = "not run"
    """The profile, the budget or an earlier failure kept the check from running."""


@dataclass(frozen=True, slots=True)
class Check:
    """One expectation of one clause, and the function that tries it."""

    id: str
    """``group.what``, for example ``sign-hash.empty``. Stable: people put it into scripts."""
    group: str
    """The API's own method (``signatures/signHash``), or an area of its own (``OAuth``)."""
    clauses: Mapping[Version, str]
    """Where each version says so; the versions that are no key here are not checked."""
    level: Level
    expects: str
    """What is true of a conforming server, in one sentence of our own."""
    mend: str
    """What to change when it is not."""
    methods: tuple[str, ...]
    """Names that must be in ``info.methods``; otherwise the check is not applicable."""
    run: Callable[[Target], Awaitable[None]]

    @property
    def versions(self) -> tuple[Version, ...]:
        """The versions that this is checked for."""
        return tuple(version for version in Version if version in self.clauses)


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer, secrets masked, long bodies cut."""

    method: str
    url: str
    request_headers: tuple[tuple[str, str], ...]
    request_body: str
    status: int | None
    """None when no answer came; ``failure`` then says why."""
    response_headers: tuple[tuple[str, str], ...]
    response_body: str
    failure: str
    duration_ms: float


@dataclass(frozen=True, slots=True)
class Result:
    """How one check ended on one server at one version."""

    check: Check
    version: Version
    verdict: Verdict
    reasons: tuple[str, ...] = ()
    """What was found, one sentence each; empty when the check passed."""
    exchanges: tuple[Exchange, ...] = ()
    """The last requests that the check made, oldest first."""
    duration_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Run:
    """All checks of one version on one base URL."""

    url: str
    version: Version
    announced: str
    """What ``info.specs`` says; empty when there was no ``info``."""
    results: tuple[Result, ...]

    def count(self, verdict: Verdict) -> int:
        """How many checks ended so."""
        return sum(result.verdict is verdict for result in self.results)


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that one call of the suite found."""

    name: str
    """Of the server, from the profile."""
    suite: str
    """Version of this suite."""
    started: datetime
    """Aware, UTC."""
    duration_s: float
    requests: int
    bytes: int
    """Sent and received, bodies and headers."""
    runs: tuple[Run, ...] = field(default=())

    def count(self, verdict: Verdict) -> int:
        """How many checks ended so, over all runs."""
        return sum(run.count(verdict) for run in self.runs)
