"""The data-protection notice: which version, and who has read it. (journeys J1.6)"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

VERSION: Final = "2026-11"
"""Version of the notice that the pages show, unless configured otherwise."""


@dataclass(frozen=True, slots=True)
class Acceptance:
    """That a person has read the notice."""

    version: str
    at: datetime


def to_show(accepted: Acceptance | None, version: str) -> bool:
    """True until the person has read this version."""
    return accepted is None or accepted.version != version
