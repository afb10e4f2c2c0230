"""What the authority and the status process need besides the register."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Protocol

from pki.ocsp.kept import Kept
from policies.tsa import Reading


class Publications(Protocol):
    """What everybody may fetch: files that a plain web server could give out too."""

    def put(self, name: str, content: bytes) -> None:
        """Afterwards the file has this content: the old one or the new one, never a part."""

    def get(self, name: str) -> bytes | None:
        """The content; ``None`` when there is no such file."""


class KeptAnswers(Protocol):
    """OCSP answers that were made in advance, for others to give out too. May block for a while."""

    def get(self, cert_id: bytes) -> Kept | None:
        """The answer, whatever its age; ``None``: there is none, or it is spoilt."""

    def made_at(self, cert_id: bytes) -> datetime | None:
        """thisUpdate of the answer, without reading it."""

    def put(self, answers: Sequence[Kept]) -> None:
        """Afterwards these lie there, each the old or the new one, never a part."""

    def older(self, than: datetime) -> Iterator[Kept]:
        """Answers from before this instant; spoilt ones are removed on the way."""

    def drop(self, answers: Iterable[Kept]) -> None:
        """Afterwards these are gone."""


class SourcePacing(Protocol):
    """How often each address may ask for what costs a signature."""

    def admit(self, source: str, now: datetime) -> None:
        """Let an address have one more.

        Raises:
            ClientTooFast: See ``policies.pacing.draw``.
        """


class NoTime(Exception):
    """A time server gave no time that can be used; the text says why."""


class TimeSource(Protocol):
    """Whether our clock can be believed."""

    def reading(self) -> Reading | None:
        """The last comparison with trusted sources; ``None`` when there was none."""

    def ticks_s(self) -> float:
        """Seconds on a clock that nobody sets."""


class HighWater(Protocol):
    """The latest time that time-stamps have told, kept over restarts and between processes."""

    async def tell(self, choose: Callable[[datetime | None], datetime]) -> datetime:
        """The time to tell; afterwards nobody can tell an earlier one, whatever happens.

        Args:
            choose: From the latest time told, ``None`` for none ever, to the next one. What it
                raises is raised, and nothing was told. It is asked once, and nobody else
                meanwhile.
        """
