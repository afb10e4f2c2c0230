"""The lines of the table that `make bench` prints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bench.load import Result


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    what: str
    rate: float
    """Signatures, tokens or answers per second."""
    compared_with: str
    ratio: float | None
    wanted: str
    result: Result | None = None

    def line(self) -> str:
        """As Markdown."""
        ratio = "" if self.ratio is None else f"{self.ratio:.2f}"
        p50 = "" if self.result is None else f"{self.result.p50_ms:.1f}"
        p99 = "" if self.result is None else f"{self.result.p99_ms:.1f}"
        return (
            f"| {self.what} | {self.rate:,.0f} | {self.compared_with} | {ratio} | {self.wanted} "
            f"| {p50} | {p99} |"
        )


HEAD: Final = (
    "| what | per second | compared with | ratio | to reach | p50 ms | p99 ms |\n"
    "|---|--:|---|--:|---|--:|--:|"
)
