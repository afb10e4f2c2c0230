"""What the published revocation list says, for those who are about to say *good*.

The list outlives the database: what stands on it as revoked stays so, whatever a register that
was restored from a backup knows.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from pki import crl
from policies.revocation import Revocation

LOOK_EVERY_S: Final = 5.0
"""Seconds between two looks for a new list."""


class PublishedRevocations:
    """Revocations for good, by serial number."""

    def __init__(self, get: Callable[[], bytes | None]) -> None:
        """Nothing is read yet.

        Args:
            get: The list as it is published now.
        """
        self._get = get
        self._content: bytes | None = None
        self._looked_at_s = -LOOK_EVERY_S
        self._revoked: dict[int, Revocation] = {}

    def __call__(self, serial: int) -> Revocation | None:
        """Since when and why; ``None``: not on the list, or only suspended."""
        now_s = time.monotonic()
        if now_s - self._looked_at_s >= LOOK_EVERY_S:
            self._looked_at_s = now_s
            self._read(self._get())
        return self._revoked.get(serial)

    def _read(self, content: bytes | None) -> None:
        if content is not None and content != self._content:
            self._content = content
            self._revoked = {one.serial: one.revocation for one in crl.for_good(content)}
