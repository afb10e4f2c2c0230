"""``Desk``: asks for pieces of work and waits for their results. Belongs to one event loop.

Bounded in every way: so many at once, so many that wait, and each within its limits. A parent
that ends is started again; work that was under way with it is ``Lost``. Knows no document.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType
from typing import Final, Self, TypeVar

from ades.desk import errors, talk, works
from ades.desk.talk import BUG, ENDED, OBITUARY_BYTES, OVERDUE, Answer, Ready
from ades.desk.works import Work
from policies import codec
from policies import errors as reasons

T = TypeVar("T")

START_LIMIT_S: Final = 20.0
"""Loading the libraries takes about a second of an idle core."""
GRACE_S: Final = 2.0
"""Beyond a work's own limit: a parent that has not told its end by then does not work."""
WAITING_LIMIT: Final = 64
"""Works that may wait for a place; more are refused."""
BACK_OFF_S: Final = 0.5

_READ_BYTES: Final = 65536
_KINDS: Final[dict[str, type[Exception]]] = {
    kind.__name__: kind
    for module in (errors, reasons)
    for kind in vars(module).values()
    if isinstance(kind, type) and issubclass(kind, (errors.DeskError, reasons.Refused))
}

log = logging.getLogger("ades.desk")


class Desk:
    """``async with Desk(modules) as desk``: work is done inside the block."""

    def __init__(self, modules: Sequence[str], *, places: int | None = None) -> None:
        """Not started yet.

        Args:
            modules: Names of the modules whose works can be asked for.
            places: Children at once. Default: one for each core.
        """
        self._modules = tuple(modules)
        self._places = asyncio.Semaphore(places or os.cpu_count() or 1)
        self._waiting = 0
        self._line: socket.socket | None = None
        self._process: Process | None = None
        self._up = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None
        self.restarts = 0
        self.isolated = False
        """Children have no network; known once the parent is up."""

    async def __aenter__(self) -> Self:
        """The parent is on its way; the first work waits for it."""
        self._keeper = asyncio.create_task(self._keep())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Afterwards no process is left; what was under way is lost."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.wait([self._keeper])

    @property
    def pid(self) -> int | None:
        """Of the parent, for tests and metrics."""
        return None if self._process is None else self._process.pid

    async def do(self, work: Work[T]) -> T:
        """The result of ``work``. Who stops waiting also stops the work.

        Raises:
            Refused: What the work found, and whatever else it ``raises``.
            Busy: Too much waits already; nothing was begun.
            Overdue, OutOfMemory, Oversized, Crashed: The child went beyond a limit, or died.
            Lost: The parent died, or cannot be started.
        """
        if self._waiting >= WAITING_LIMIT:
            raise errors.Busy(f"{self._waiting} works are waiting")
        self._waiting += 1
        try:
            await self._places.acquire()
        finally:
            self._waiting -= 1
        try:
            return self._result(work, await self._ask(work))
        finally:
            self._places.release()

    async def _ask(self, work: Work[T]) -> bytes:
        """Everything that was said on the socket of a child."""
        request, limits = works.encode(work), codec.encode(work.limits)
        with await self._child(limits) as line:
            line.setblocking(False)
            try:
                async with asyncio.timeout(work.limits.wall_s + GRACE_S):
                    return await self._talk(line, request)
            except TimeoutError:
                self._end_parent()
                raise errors.Lost("the parent does not end its children") from None

    async def _child(self, limits: bytes) -> socket.socket:
        """The socket of a child that is being forked."""
        while True:
            control = await self._parent()
            ours, theirs = socket.socketpair()
            with theirs:
                try:
                    socket.send_fds(control, [limits], [theirs.fileno()])
                except OSError:
                    # It is gone and nothing was begun: the next one will do.
                    ours.close()
                    self._end_parent()
                else:
                    return ours

    async def _talk(self, line: socket.socket, request: bytes) -> bytes:
        loop = asyncio.get_running_loop()
        # Whoever died before it read all of it says so, or is missed, in what comes back.
        with suppress(ConnectionError):
            await loop.sock_sendall(line, request)
        said = bytearray()
        while chunk := await self._read(line):
            said += chunk
            if len(said) > talk.LENGTH_BYTES + talk.LONGEST_FRAME + OBITUARY_BYTES:
                raise errors.Oversized("an answer longer than a frame")
        return bytes(said)

    async def _read(self, line: socket.socket) -> bytes:
        try:
            return await asyncio.get_running_loop().sock_recv(line, _READ_BYTES)
        except ConnectionError:
            # A request that its child never read makes the end of the socket a reset.
            return b""

    def _result(self, work: Work[T], said: bytes) -> T:
        if len(said) < OBITUARY_BYTES:
            raise errors.Lost("the parent ended")
        spoken, cause, number = said[:-OBITUARY_BYTES], said[-2:-1], said[-1]
        if cause == OVERDUE or (cause != ENDED and number == signal.SIGXCPU):
            raise errors.Overdue(type(work).__name__)
        if cause != ENDED or number != 0:
            how = "exit code" if cause == ENDED else "signal"
            raise errors.Crashed(f"{type(work).__name__}: {how} {number}")
        try:
            answer = talk.decode_answer(talk.payload(spoken))
            if answer.error is None:
                return works.result(work, answer.value)
        except codec.Malformed as error:
            raise errors.Crashed(f"{type(work).__name__}: {error}") from error
        raise self._failure(work, answer)

    def _failure(self, work: Work[T], answer: Answer) -> Exception:
        name = answer.error or ""
        kinds = _KINDS | {kind.__name__: kind for kind in work.raises}
        if name in kinds:
            return kinds[name](answer.text)
        if name == BUG:
            log.error("%s: %s", type(work).__name__, answer.text)
        return errors.Crashed(f"{type(work).__name__}: {name or 'no error'}")

    async def _parent(self) -> socket.socket:
        """The socket of the parent that is up, or soon will be."""
        try:
            async with asyncio.timeout(START_LIMIT_S):
                await self._up.wait()
        except TimeoutError:
            raise errors.Lost("the parent cannot be started") from None
        if self._line is None:
            raise errors.Lost("the desk is closed")
        return self._line

    async def _keep(self) -> None:
        """Keep one parent alive, until cancelled."""
        while True:
            try:
                await self._keep_one()
            except (OSError, TimeoutError, codec.Malformed) as error:
                log.error("the parent of the desk did not start: %s", type(error).__name__)
            self.restarts += 1
            await asyncio.sleep(BACK_OFF_S)

    async def _keep_one(self) -> None:
        """Start a parent and return when it is gone."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        loop = asyncio.get_running_loop()
        try:
            with theirs:
                self._process = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-m", "ades.desk.parent"),
                    *(str(theirs.fileno()), *self._modules),
                    stdin=DEVNULL,
                    stdout=DEVNULL,
                    pass_fds=[theirs.fileno()],
                )
            async with asyncio.timeout(START_LIMIT_S):
                said = await loop.sock_recv(ours, talk.LONGEST_MESSAGE)
            ready: Ready = codec.reader(Ready)(codec.decode(said))
            self.isolated = ready.isolated
            self._line = ours
            self._up.set()
            # A parent says nothing more: this is its end.
            await loop.sock_recv(ours, 1)
            log.error("the parent of the desk ended; starting it again")
        except ConnectionError:
            log.error("the parent of the desk was killed; starting it again")
        finally:
            self._end_parent()
            ours.close()
            if self._process is not None:
                await self._process.wait()

    def _end_parent(self) -> None:
        """Afterwards this parent gets no more work; the keeper starts another."""
        self._up.clear()
        self._line = None
        if self._process is not None and self._process.returncode is None:
            # A stopped process does not end by a closed socket.
            self._process.kill()
