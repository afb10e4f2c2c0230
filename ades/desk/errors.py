"""Why a piece of work has no result. The texts are for the operator and hold no document."""

from __future__ import annotations

import errno
from typing import Final


class DeskError(Exception):
    """The desk did not do the work. Never raised itself, only its subclasses."""


class Busy(DeskError):
    """Too much work waits already."""


class Overdue(DeskError):
    """The work took longer than it may, by the clock or by the processor, and was killed."""


class OutOfMemory(DeskError):
    """The work needed more memory than it may have."""


class Oversized(DeskError):
    """The work wrote a longer file, or gave a longer answer, than it may."""


class DiskFull(DeskError):
    """The disk had no room for what the work wrote."""


class Crashed(DeskError):
    """The child ended without an answer: a signal, or a bug of ours."""


class Lost(DeskError):
    """The parent process ended, or cannot be started."""


OF_FILES: Final[dict[int, type[DeskError]]] = {
    errno.EFBIG: Oversized,
    errno.ENOSPC: DiskFull,
    errno.EDQUOT: DiskFull,
}
"""What an error of a file means."""
