"""One signer process as the pool sees it: a child, a socket, at most one request under way.

A small protocol in place of streams and tasks: a request costs one write, one future and one
timer. Knows no queue and starts nothing by itself (``hsm.pool``).
"""

from __future__ import annotations

import asyncio
import socket
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Callable
from typing import Any, Final, cast

from hsm import errors, messages
from hsm.messages import Answer
from hsm.settings import PoolSettings
from policies import codec
from policies import errors as reasons

_ERRORS: Final[dict[str, type[Exception]]] = {
    kind.__name__: kind
    for module in (errors, reasons)
    for kind in vars(module).values()
    if isinstance(kind, type) and issubclass(kind, (errors.HsmError, reasons.Refused))
}
# How long a process may take to end once its socket is closed; it has nothing left to do.
_END_LIMIT_S: Final = 2.0


class Job:
    """A request on its way, and the future that its caller waits for."""

    __slots__ = ("end_by", "frame", "future", "lost", "timer")

    def __init__(
        self,
        frame: bytes,
        future: asyncio.Future[Any],
        end_by: float,
        lost: type[errors.HsmError],
    ) -> None:
        self.frame = frame
        self.future = future
        self.end_by = end_by
        """When a process is killed that has not answered, on the loop's clock."""
        self.lost = lost
        """What it means when a process ends with this request under way."""
        self.timer: asyncio.TimerHandle | None = None
        """The next limit that this job can miss."""

    def disarm(self) -> None:
        """Afterwards no limit is missed any more."""
        if self.timer is not None:
            self.timer.cancel()

    def resolve(self, answer: Answer) -> None:
        """Give the caller the answer, unless it stopped waiting."""
        if answer.error is not None:
            self.fail(_ERRORS[answer.error](answer.text))
        elif not self.future.done():
            self.future.set_result(answer.value)

    def fail(self, error: Exception) -> None:
        """Give the caller an error, unless it stopped waiting."""
        if not self.future.done():
            self.future.set_exception(error)


class SignerProcess(asyncio.Protocol):
    """A child with its socket."""

    def __init__(self, on_free: Callable[[SignerProcess], None]) -> None:
        """Not started yet.

        Args:
            on_free: Called whenever the process can take the next request.
        """
        self._loop = asyncio.get_running_loop()
        self._on_free = on_free
        self._buffer = bytearray()
        self._job: Job | None = None
        self._child: Process | None = None
        self._transport: asyncio.Transport | None = None
        self.ready: asyncio.Future[Answer | None] = self._loop.create_future()
        """What the process says when it works; ``None`` if it ended before."""
        self.gone: asyncio.Future[None] = self._loop.create_future()
        """Done when the socket is closed."""
        self.leaving = False
        """It ends, or was killed: it gets no further request."""
        self.canary_due = False

    @property
    def pid(self) -> int | None:
        """Of the child, once it was started."""
        return None if self._child is None else self._child.pid

    async def start(self, settings: PoolSettings) -> None:
        """Afterwards the child runs; ``ready`` tells when it works."""
        ours, theirs = socket.socketpair()
        with theirs:
            await self._loop.create_unix_connection(lambda: self, sock=ours)
            self._child = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "hsm.signer"),
                *(str(theirs.fileno()), codec.encode(settings).decode()),
                stdin=DEVNULL,
                stdout=DEVNULL,
                pass_fds=[theirs.fileno()],
            )

    def ask(self, job: Job) -> None:
        """Send a request; the process must be free. Its answer goes to the job."""
        if self._transport is None or self._job is not None:
            raise RuntimeError("a request to a process that is not free")
        self._job = job
        job.timer = self._loop.call_at(job.end_by, self._overdue)
        self._transport.write(job.frame)

    def kill(self) -> None:
        """SIGKILL, which also ends a stopped process; a request under way is lost."""
        self.leaving = True
        if self._child is not None and self._child.returncode is None:
            self._child.kill()
        if self._transport is not None:
            self._transport.abort()

    async def end(self) -> int:
        """Close the socket and wait for the child; its exit code, negative for a signal."""
        self.leaving = True
        if self._transport is not None:
            self._transport.close()
        if self._child is None:
            return 0
        try:
            # Not wait_for: in Python 3.11 it can swallow a cancellation.
            async with asyncio.timeout(_END_LIMIT_S):
                return await self._child.wait()
        except TimeoutError:
            self.kill()
            return await self._child.wait()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is ours."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Bytes of an answer."""
        self._buffer += data
        while len(self._buffer) >= messages.LENGTH_BYTES:
            end = messages.LENGTH_BYTES + int.from_bytes(
                self._buffer[: messages.LENGTH_BYTES], "big"
            )
            if len(self._buffer) < end:
                return
            payload = bytes(self._buffer[messages.LENGTH_BYTES : end])
            del self._buffer[:end]
            self._answered(messages.decode_answer(payload))

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # asyncio says so
        """The process died, left, or was killed."""
        self.leaving = True
        if not self.ready.done():
            self.ready.set_result(None)
        self._lose("the signer process ended")
        if not self.gone.done():
            self.gone.set_result(None)

    def _answered(self, answer: Answer) -> None:
        self.leaving = self.leaving or answer.leaving
        job, self._job = self._job, None
        if job is not None:
            job.disarm()
            job.resolve(answer)
        elif not self.ready.done():
            self.ready.set_result(answer)
        if not self.leaving:
            self._on_free(self)

    def _overdue(self) -> None:
        self._lose("the signer process did not answer in time")
        self.kill()

    def _lose(self, text: str) -> None:
        job, self._job = self._job, None
        if job is not None:
            job.disarm()
            job.fail(job.lost(text))
