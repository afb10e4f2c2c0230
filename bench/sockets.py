"""The cheapest client that still reads its answers: plain sockets and epoll, no event loop.

Status is answered in a few hundred microseconds, on the same cores that ask: a client that costs
as much as the server would halve the figure. One process, one thread; each connection has one
request under way. Answers are read to their end by ``Content-Length``.
"""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Callable
from statistics import median
from urllib.parse import urlsplit

from bench.load import Result

_MOST: int = 64 * 1024


class _Connection:
    """One keep-alive connection."""

    def __init__(self, base_url: str) -> None:
        parts = urlsplit(base_url)
        assert parts.hostname is not None
        assert parts.port is not None
        self.socket = socket.create_connection((parts.hostname, parts.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._got = b""
        self.sent_at = 0.0

    def ask(self, request: bytes) -> None:
        """Send one request: it is small, so the kernel takes it whole."""
        self._got = b""
        self.sent_at = time.perf_counter()
        self.socket.sendall(request)

    def take(self) -> tuple[bytes, bytes] | None:
        """Head and body once the whole answer is there."""
        more = self.socket.recv(_MOST)
        if not more:
            raise ConnectionError("closed")
        self._got = self._got + more if self._got else more
        head, end, body = self._got.partition(b"\r\n\r\n")
        if not end:
            return None
        start = head.index(b"Content-Length: ") + 16
        length = int(head[start : (head + b"\r").index(b"\r", start)])
        return None if len(body) < length else (head, body)


def drive(
    base_url: str,
    request: Callable[[], bytes],
    good: Callable[[bytes, bytes], bool],
    *,
    concurrency: int,
    seconds: float,
) -> Result:
    """So many clients, each asking again as soon as it is answered.

    Args:
        request: The bytes of the next request.
        good: Whether head and body are what was hoped for.

    Raises:
        AssertionError: An answer was not good.
    """
    poll = select.epoll()
    clients = {}
    for _ in range(concurrency):
        one = _Connection(base_url)
        clients[one.socket.fileno()] = one
        poll.register(one.socket.fileno(), select.EPOLLIN)
    durations: list[float] = []
    started = time.perf_counter()
    end = started + seconds
    for one in clients.values():
        one.ask(request())
    waited_for = len(clients)
    while waited_for:
        for descriptor, _ in poll.poll():
            one = clients[descriptor]
            answer = one.take()
            if answer is None:
                continue
            now = time.perf_counter()
            durations.append(now - one.sent_at)
            assert good(*answer), answer
            if now < end:
                one.ask(request())
            else:
                waited_for -= 1
    elapsed_s = time.perf_counter() - started
    poll.close()
    for one in clients.values():
        one.socket.close()
    durations.sort()
    p99 = durations[min(len(durations) - 1, int(len(durations) * 0.99))]
    return Result(len(durations) / elapsed_s, median(durations) * 1000, p99 * 1000)
