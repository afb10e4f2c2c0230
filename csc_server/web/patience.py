"""How long a request may take: a limit that starts anew when a large body has arrived."""

from __future__ import annotations

import asyncio
from typing import Final

from aiohttp import web

from csc_server.wire import errors

SLOWEST_BYTES_PER_S: Final = 8 * 1024
"""security-and-pki 5.5."""
GRACE_S: Final = 10.0
"""Before which no body is too slow: a connection may have to begin slowly."""
WORK_BYTES_PER_S: Final = 2 * 1024 * 1024
"""Of documents that are handled in a second, by far."""


class Patience:
    """The limit of one request, and what it means to miss it."""

    def __init__(self, limit_s: float, timeout: asyncio.Timeout) -> None:
        """Begun now.

        Args:
            timeout: Around the request; it ends in ``limit_s`` from now.
        """
        self._limit_s, self._timeout = limit_s, timeout
        self._loop = asyncio.get_running_loop()
        self._started_s = self._loop.time()
        self.missed: type[Exception] = errors.RequestTookTooLong

    def receiving(self, received: int) -> None:
        """So many bytes of a body have arrived: the rest may come as slowly as it may."""
        self.missed = errors.UploadTooSlow
        self._timeout.reschedule(self._started_s + GRACE_S + received / SLOWEST_BYTES_PER_S)

    def working(self, size: int) -> None:
        """A body of so many bytes is there: its work begins."""
        self.missed = errors.RequestTookTooLong
        self._timeout.reschedule(self._loop.time() + self._limit_s + size / WORK_BYTES_PER_S)


PATIENCE: Final = web.RequestKey("patience", Patience)
