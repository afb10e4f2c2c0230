"""Time servers for tests, on loopback: honest, or wrong in a way that they are told."""

from __future__ import annotations

import asyncio
import struct
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

EPOCH = datetime(1900, 1, 1, tzinfo=UTC)


def stamp(moment: datetime) -> int:
    """64 bits of an NTP time."""
    return ((moment - EPOCH) // timedelta(microseconds=1) << 32) // 10**6 & (1 << 64) - 1


@dataclass
class TimeServer(asyncio.DatagramProtocol):
    """One server; the knobs can be turned while it runs."""

    ahead: timedelta = timedelta(0)
    """Its clock minus the true one."""
    silent: bool = False
    stratum: int = 2
    leap: int = 0
    mode: int = 4
    version: int = 4
    root_s: float = 0.01
    """Delay and dispersion towards its source."""
    spoil: Callable[[bytes], bytes] = bytes
    """What becomes of an answer."""
    asked: int = 0
    port: int = 0
    origins: list[bytes] = field(default_factory=list)

    def connection_made(self, transport: Any) -> None:
        """Bound."""
        self._transport = transport
        self.port = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answer, unless it sleeps."""
        self.asked += 1
        self.origins.append(data[40:48])
        if self.silent:
            return
        now = stamp(datetime.now(UTC) + self.ahead)
        head = self.leap << 6 | self.version << 3 | self.mode
        root = int(self.root_s * (1 << 16))
        answer = struct.pack(
            "!BBbbII4sQ8sQQ", head, self.stratum, 6, -20, root, root, b"TEST", now, data[40:48],
            now, now,
        )  # fmt: skip
        self._transport.sendto(self.spoil(answer), addr)

    @property
    def name(self) -> str:
        """As the settings name it."""
        return f"127.0.0.1:{self.port}"


@asynccontextmanager
async def running(*servers: TimeServer) -> AsyncIterator[None]:
    """They answer while the context lasts."""
    loop = asyncio.get_running_loop()
    opened = []
    for server in servers:
        made = await loop.create_datagram_endpoint(
            lambda server=server: server,  # type: ignore[misc] # bound early
            local_addr=("127.0.0.1", server.port),
        )
        opened.append(made[0])
    try:
        yield
    finally:
        for transport in opened:
            transport.close()


@contextmanager
def in_a_thread(*servers: TimeServer) -> Iterator[None]:
    """The same for processes under test, while the tests do something else."""
    opened, done = threading.Event(), threading.Event()

    async def serve() -> None:
        async with running(*servers):
            opened.set()
            await asyncio.to_thread(done.wait)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert opened.wait(10)
    try:
        yield
    finally:
        done.set()
        thread.join()
