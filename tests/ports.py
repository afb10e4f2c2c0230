"""TCP ports for servers under test, such that workers side by side never choose the same.

A port is chosen first and listened on seconds later. It lies below those that the system gives to
outgoing connections, so none of them takes it meanwhile.
"""

from __future__ import annotations

import functools
import os
import random
import socket
from collections.abc import Iterator
from typing import Final

_LOWEST: Final = 20_000
_OUTGOING: Final = 32_768
"""Lower end of Linux's ``ip_local_port_range``."""


def free_port() -> int:
    """A TCP port that nobody listens on now, and that this worker has not had."""
    return next(_ports())


@functools.cache
def _ports() -> Iterator[int]:
    # pytest-xdist names its workers gw0, gw1 and so on.
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    ours = list(range(_LOWEST + worker, _OUTGOING, workers))
    # Another run may be under way on this machine: it starts elsewhere.
    random.shuffle(ours)
    return filter(_is_free, ours)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As servers do: a port that was in use a minute ago is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
