"""A load generator that costs little: bare HTTP/1.1 over asyncio, bodies built beforehand.

Server and generator share the machine, so every microsecond spent here is missing there. Knows
the two calls of a signature; what else is asked is its caller's business.
"""

from __future__ import annotations

import asyncio
import base64
import functools
import json
import os
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any
from urllib.parse import urlsplit

Step = Callable[["Connection"], Awaitable[object]]
"""What is measured: one or more requests on a connection."""


class Connection(asyncio.Protocol):
    """One keep-alive connection with at most one request under way."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._waiter: asyncio.Future[tuple[int, bytes]] | None = None

    @classmethod
    async def open(cls, base_url: str) -> Connection:
        """A connection to the server."""
        parts = urlsplit(base_url)
        assert parts.hostname is not None
        assert parts.port is not None
        loop = asyncio.get_running_loop()
        _, protocol = await loop.create_connection(cls, parts.hostname, parts.port)
        return protocol

    async def post(self, head: bytes, body: bytes) -> tuple[int, bytes]:
        """Status and body of the answer."""
        assert self._transport is not None
        self._waiter = asyncio.get_running_loop().create_future()
        self._transport.write(b"%bContent-Length: %d\r\n\r\n%b" % (head, len(body), body))
        return await self._waiter

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(exc or ConnectionError("closed"))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0 or self._waiter is None:
            return
        head = bytes(self._buffer[:end])
        start = head.lower().index(b"content-length:") + 15
        length = int(head[start : (head + b"\r").index(b"\r", start)])
        if len(self._buffer) < end + 4 + length:
            return
        body = bytes(self._buffer[end + 4 : end + 4 + length])
        self._buffer.clear()
        self._waiter.set_result((int(head[9:12]), body))


def head(
    base_url: str,
    method: str,
    authorization: str | None = None,
    content_type: str = "application/json",
) -> bytes:
    """Request line and headers, but for the length."""
    given = f"Authorization: {authorization}\r\n" if authorization else ""
    return (
        f"POST /csc/{method} HTTP/1.1\r\nHost: {urlsplit(base_url).netloc}\r\n{given}"
        f"Content-Type: {content_type}\r\n"
    ).encode()


@dataclass(frozen=True)
class Target:
    """A server, and how one pair of calls is spoken to it."""

    base_url: str
    credential_id: str
    sign_algo: str
    token: str | None = None
    factors: Callable[[], dict[str, str]] = dict
    """Members that authorize needs besides the hashes, new for each call."""

    def head(self, method: str) -> bytes:
        """Request line and headers, but for the length."""
        bearer = f"Bearer {self.token}" if self.token else None
        return head(self.base_url, f"v1/{method}", bearer)


@dataclass(frozen=True)
class Result:
    """What a run gave."""

    per_s: float
    """Steps per second, or signatures where steps make several."""
    p50_ms: float
    p99_ms: float


async def run(targets: Sequence[Target], *, concurrency: int, batch: int, seconds: float) -> Result:
    """Pairs of authorize and signHash from so many clients at once.

    Args:
        targets: Taken in turn by the clients; one each pair.
        batch: Hashes per pair.
    """
    turns = iter(range(10**9))

    async def step(connection: Connection) -> None:
        await pair(connection, targets[next(turns) % len(targets)], batch)

    base_url = targets[0].base_url
    return await drive(base_url, step, concurrency=concurrency, seconds=seconds, worth=batch)


async def once_each(targets: Sequence[Target], *, concurrency: int) -> Result:
    """One pair for each target: for codes, which are good once."""
    steps = [functools.partial(pair, target=target, batch=1) for target in targets]
    return await each(targets[0].base_url, steps, concurrency=concurrency)


async def drive(
    base_url: str,
    step: Step,
    *,
    concurrency: int,
    seconds: float,
    worth: int = 1,
    pause_s: float = 0.0,
) -> Result:
    """The same step from so many clients at once, again and again.

    Args:
        worth: What one step counts for.
        pause_s: How long a client rests after each.
    """
    durations: list[float] = []
    end = time.perf_counter() + seconds

    async def client() -> None:
        connection = await Connection.open(base_url)
        while time.perf_counter() < end:
            durations.append(await _timed(step, connection))
            if pause_s:
                await asyncio.sleep(pause_s)
        connection.close()

    started = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(concurrency)))
    return _result(durations, worth, time.perf_counter() - started)


async def each(base_url: str, steps: Sequence[Step], *, concurrency: int) -> Result:
    """Each step once, so many at once."""
    durations: list[float] = []
    waiting = list(steps)

    async def client() -> None:
        connection = await Connection.open(base_url)
        while waiting:
            durations.append(await _timed(waiting.pop(), connection))
        connection.close()

    started = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(concurrency)))
    return _result(durations, 1, time.perf_counter() - started)


async def _timed(step: Step, connection: Connection) -> float:
    started = time.perf_counter()
    await step(connection)
    return time.perf_counter() - started


async def pair(connection: Connection, target: Target, batch: int) -> None:
    """authorize and signHash of fresh hashes."""
    hashes = [base64.b64encode(os.urandom(32)).decode() for _ in range(batch)]
    question: dict[str, Any] = {
        "credentialID": target.credential_id,
        "numSignatures": batch,
        "hash": hashes,
        **target.factors(),
    }
    issued = await _good(connection, target, "credentials/authorize", question)
    order = {
        "credentialID": target.credential_id,
        "SAD": issued["SAD"],
        "hash": hashes,
        "signAlgo": target.sign_algo,
    }
    signed = await _good(connection, target, "signatures/signHash", order)
    if len(signed["signatures"]) != batch:
        raise AssertionError("signatures are missing")


async def _good(
    connection: Connection, target: Target, method: str, body: dict[str, Any]
) -> dict[str, Any]:
    return await good(connection, target.head(method), json.dumps(body).encode())


async def good(connection: Connection, head: bytes, body: bytes) -> dict[str, Any]:
    """The JSON of an answer 200."""
    status, answer = await connection.post(head, body)
    if status != 200:
        raise AssertionError(f"{head.partition(b' HTTP')[0]!r}: {status} {answer.decode()}")
    parsed: dict[str, Any] = json.loads(answer)
    return parsed


def _result(durations: list[float], worth: int, elapsed_s: float) -> Result:
    ordered = sorted(durations)
    p99 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    return Result(len(ordered) * worth / elapsed_s, median(ordered) * 1000, p99 * 1000)
