"""A process that must not outlive the one that started it. (Linux)"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from typing import Final

# linux/prctl.h
_PR_SET_PDEATHSIG: Final = 1
_LIBRARY: Final = ctypes.CDLL(None)


def die_with_parent(parent: int | None = None) -> None:
    """Afterwards the kernel kills this process when its parent ends, however that ends.

    Args:
        parent: Its process id, where it was known before this process began; else asked now.
    """
    parent = os.getppid() if parent is None else parent
    _LIBRARY.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        # The parent ended between start and the call: nobody is left to serve.
        sys.exit(0)
