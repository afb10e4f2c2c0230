"""What a check did and noticed, while it runs: exchanges and notes.

A context variable names the recorder of the running check, so that the client needs no parameter
for it and parallel requests of one check land in the same one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Final

from conformance.model import Exchange

KEPT: Final = 6
"""Exchanges kept for each check: the last ones tell why it failed."""


@dataclass(slots=True)
class Recorder:
    """Filled while a check runs."""

    exchanges: deque[Exchange] = field(default_factory=lambda: deque(maxlen=KEPT))
    earlier: deque[Exchange] = field(default_factory=lambda: deque(maxlen=KEPT))
    """What others have asked for and this check has looked at."""
    notes: list[str] = field(default_factory=list)

    def shown(self) -> tuple[Exchange, ...]:
        """What tells why the check ended so: its own exchanges, else those that it looked at."""
        return tuple(self.exchanges or self.earlier)


_current: ContextVar[Recorder | None] = ContextVar("recorder", default=None)


@contextmanager
def recording() -> Iterator[Recorder]:
    """Exchanges and notes of the block."""
    recorder = Recorder()
    before = _current.set(recorder)
    try:
        yield recorder
    finally:
        _current.reset(before)


def note(text: str) -> None:
    """Something that the standard leaves open was found otherwise: a pass becomes a warning."""
    recorder = _current.get()
    if recorder is not None and text not in recorder.notes:
        recorder.notes.append(text)


def record(exchange: Exchange) -> None:
    """Keep ``exchange`` for the report of the running check."""
    recorder = _current.get()
    if recorder is not None:
        recorder.exchanges.append(exchange)


def recall(exchanges: Iterable[Exchange]) -> None:
    """The running check looks at what these ``exchanges`` brought."""
    recorder = _current.get()
    if recorder is not None:
        recorder.earlier.extend(one for one in exchanges if one not in recorder.earlier)
