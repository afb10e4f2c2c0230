"""Services that trusted lists name. Loads no library."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Listed:
    """Certificates of granted services, DER."""

    authorities: tuple[bytes, ...] = ()
    """CA/QC: issue qualified certificates."""
    units: tuple[bytes, ...] = ()
    """QTST: qualified time-stamps; anchors for time-stamps alone."""
