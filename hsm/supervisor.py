"""The signer processes, kept alive, and the bounded queue before them.

One request at a time per process, first in, first out, and a limit on every wait:

- full queue → ``Busy`` at once; half the limit spent waiting → ``Busy``;
- nothing alive and the last start failed → ``Broken`` at once;
- no answer in time → the process is killed and the call is what ``Job.lost`` says.

A process that ends is replaced, for ever, except after a refused PIN. Knows requests only as
frames; what they mean stands in ``hsm.pool``.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from contextlib import suppress
from datetime import datetime
from typing import Any, Final

from hsm import errors, exits, messages
from hsm.interface import DeviceHealth
from hsm.process import Job, SignerProcess
from hsm.settings import PoolSettings
from policies import codec

FIRST_BACK_OFF_S: Final = 0.1
LONGEST_BACK_OFF_S: Final = 1.0
# A token with 50,000 keys takes 7 s to load (design/hsm.md).
_START_LIMIT_S: Final = 30.0
# What is left after waiting is enough to sign: an overloaded pool refuses calls, it does not
# kill processes that do their work.
_WAITING_PART: Final = 0.5

log = logging.getLogger("hsm.pool")


class Supervisor:
    """Processes and queue. Belongs to the event loop that opened it."""

    def __init__(self, settings: PoolSettings) -> None:
        self._settings = settings
        self._loop = asyncio.get_running_loop()
        self._started: set[SignerProcess] = set()
        """Whose end was not yet seen."""
        self._alive: set[SignerProcess] = set()
        """Those that have signed their first canary."""
        self._free: list[SignerProcess] = []
        self._waiting: deque[Job] = deque()
        self._first_login = asyncio.Lock()
        self._tried = asyncio.Semaphore(0)
        """One for each process whose first start has succeeded or failed."""
        self._outage = False
        """Nothing is alive and the last start failed."""
        self._pin_refused = False
        self._closing = False
        self._restarts = 0
        self._last_canary_at: datetime | None = None
        self._keepers: list[asyncio.Task[None]] = []

    @property
    def pids(self) -> list[int]:
        """Of the processes that are up."""
        return [process.pid for process in self._alive if process.pid is not None]

    async def open(self) -> None:
        """Afterwards each process works, or has failed to start and is tried again.

        Raises:
            PinRefused: A token refused its PIN; nothing runs.
        """
        for _ in range(self._settings.processes):
            self._keepers.append(asyncio.create_task(self._keep()))
        for _ in range(self._settings.processes):
            await self._tried.acquire()
        if self._pin_refused:
            await self.close()
            raise errors.PinRefused("a token refused its PIN")

    async def close(self) -> None:
        """Afterwards no process is left. Calls under way are lost, waiting ones refused."""
        self._closing = True
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        self._outage = True
        self._refuse_waiting(errors.Broken("the pool was closed"))
        await asyncio.gather(*(process.end() for process in self._started))

    async def call(self, frame: bytes, limit_s: float, lost: type[errors.HsmError]) -> Any:
        """The plain value of the answer to a request.

        Raises:
            Busy: The queue is full, or no process was free in time.
            Broken: Nothing is alive.
            HsmError, Refused: What the process answered; ``lost`` if it did not.
        """
        job = Job(frame, self._loop.create_future(), self._loop.time() + limit_s, lost)
        process = self._next_free()
        if process is not None:
            process.ask(job)
        else:
            self._wait(job, limit_s * _WAITING_PART)
        try:
            return await job.future
        except asyncio.CancelledError:
            self._forget(job)
            raise

    def health(self) -> DeviceHealth:
        """The last known state."""
        return DeviceHealth(
            alive=sum(not process.leaving for process in self._alive),
            wanted=self._settings.processes,
            queued=len(self._waiting),
            last_canary_at=self._last_canary_at,
            restarts=self._restarts,
        )

    def _next_free(self) -> SignerProcess | None:
        while self._free:
            process = self._free.pop()
            if not process.leaving:
                return process
        return None

    def _wait(self, job: Job, limit_s: float) -> None:
        if self._outage:
            raise errors.Broken("no signer process is alive")
        if len(self._waiting) >= self._settings.queue_limit:
            raise errors.Busy(f"{len(self._waiting)} calls are waiting")
        job.timer = self._loop.call_later(limit_s, self._waited_too_long, job)
        self._waiting.append(job)

    def _waited_too_long(self, job: Job) -> None:
        self._waiting.remove(job)
        job.fail(errors.Busy("no signer process was free in time"))

    def _forget(self, job: Job) -> None:
        """A caller stopped waiting. A request under way runs on, its answer is dropped."""
        with suppress(ValueError):
            self._waiting.remove(job)
            job.disarm()

    def _take_next(self, process: SignerProcess) -> None:
        """``process`` is free: a due canary first, then the oldest call that waits."""
        if process not in self._alive:
            return
        if process.canary_due:
            self._send_canary(process)
        elif self._waiting:
            job = self._waiting.popleft()
            job.disarm()
            process.ask(job)
        else:
            self._free.append(process)

    def _refuse_waiting(self, error: errors.HsmError) -> None:
        while self._waiting:
            job = self._waiting.popleft()
            job.disarm()
            job.fail(error)

    def _send_canary(self, process: SignerProcess) -> None:
        process.canary_due = False
        end_by = self._loop.time() + self._settings.call_limit_s
        job = Job(_CANARY_FRAME, self._loop.create_future(), end_by, errors.Broken)
        job.future.add_done_callback(self._canary_done)
        process.ask(job)

    def _canary_done(self, future: asyncio.Future[Any]) -> None:
        if future.cancelled():
            return
        error = future.exception()
        if self._closing and error is not None:
            return  # Its process was ended under it, as it had to be.
        if error is None:
            self._note_canary(future.result())
        else:
            log.error("canary: %s: %s", type(error).__name__, error)

    def _note_canary(self, value: Any) -> None:
        # Nothing was signed where there is no key yet.
        if value is not None:
            self._last_canary_at = _read_instant(value)

    async def _keep(self) -> None:
        """``_keep_one``, again and again: a bug of ours must not leave a place empty for good."""
        while not self._pin_refused:
            try:
                await self._keep_one()
            except Exception:  # this port's one on the pool's side: an empty place signs nothing
                log.exception("the keeper of a signer process failed; it goes on")
                await asyncio.sleep(LONGEST_BACK_OFF_S)

    async def _keep_one(self) -> None:
        """Keep one process alive, until cancelled or a PIN was refused."""
        back_off_s = FIRST_BACK_OFF_S
        first = True
        while not self._pin_refused:
            process = SignerProcess(self._take_next)
            self._started.add(process)
            works = await self._start(process)
            if first:
                self._tried.release()
                first = False
            if works:
                try:
                    await self._watch(process)
                finally:
                    self._alive.discard(process)
            code = await self._end(process)
            if works:
                self._restarts += 1
                back_off_s = FIRST_BACK_OFF_S
            if code != exits.DONE:
                await asyncio.sleep(back_off_s)
                back_off_s = min(2 * back_off_s, LONGEST_BACK_OFF_S)

    async def _start(self, process: SignerProcess) -> bool:
        """True when the process works. While none does, one at a time tries the PIN."""
        async with self._first_login:
            if self._pin_refused:
                return False
            if not self._alive:
                return await self._bring_up(process)
        return await self._bring_up(process)

    async def _bring_up(self, process: SignerProcess) -> bool:
        try:
            await process.start(self._settings)
            async with asyncio.timeout(_START_LIMIT_S):
                ready = await process.ready
        except (OSError, TimeoutError) as error:
            log.error("a signer process did not start: %s", type(error).__name__)
            ready = None
        if ready is None:
            await self._end(process)
            self._outage = not self._alive
            if self._outage:
                self._refuse_waiting(errors.Broken("no signer process could be started"))
            return False
        self._note_canary(ready.value)
        self._alive.add(process)
        self._outage = False
        self._take_next(process)
        return True

    async def _watch(self, process: SignerProcess) -> None:
        """Return when the process is gone; a canary is due every so often until then."""
        while True:
            await asyncio.wait([process.gone], timeout=self._settings.canary_every_s)
            if process.gone.done():
                return
            process.canary_due = True
            if process in self._free:
                self._free.remove(process)
                self._take_next(process)

    async def _end(self, process: SignerProcess) -> int:
        code = await process.end()
        self._started.discard(process)
        if code == exits.PIN_REFUSED:
            self._pin_refused = True
            self._outage = not self._alive
        return code


_CANARY_FRAME: Final = messages.encode_request(messages.Canary())
_read_instant: Final = codec.reader(datetime)
