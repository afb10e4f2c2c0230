"""OCSP answers made in advance: who needs a new one gets it, and what nobody knows goes.

Each certificate has two, one for each hash that clients name its authority by. ``look`` follows
the register: what was issued, suspended, resumed or revoked has its answers a second later. The
round visits every certificate again and again and renews what is half through its life. Where the
register turns out to be another one (a backup), everything is compared anew. (security-and-pki 2.5)

The answers are a copy: who asks this service has each held against the register
(``operations.status.ocsp``). They are for times when that is not there, and for other servers.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

import structlog

from csc_server.ports import Clock
from csc_server.ports.pki import KeptAnswers
from hsm.errors import HsmError
from pki.ocsp import kept, responders, responses
from pki.ocsp.kept import Kept
from pki.ocsp.responders import Answer, Responder
from pki.ports import Moved, StatusRegister, serial
from policies import status
from policies.revocation import Revocation
from policies.status import Age, Standing, Window

PAGE: Final = 200
"""Certificates handled between two looks at what changed; signing them takes a fraction of a
second."""
BATCH: Final = 100
"""Answers that are written in one go."""
AT_ONCE: Final = 4
"""Answers that are signed at a time: the device is busy, and who asks does not wait long."""
_SECOND: Final = timedelta(seconds=1)
_HASHES: Final = (responders.SHA1, responders.SHA256)

_log = structlog.get_logger("csc_server.status")


@dataclass(kw_only=True)
class RefreshAnswers:
    """Keeps the answers of one authority as they should be. One at a time."""

    register: StatusRegister
    issuer_id: str
    responder: Callable[[], Responder]
    """The present one: its certificate is rolled while we run."""
    answers: KeptAnswers
    published: Callable[[int], Revocation | None]
    """What everybody can read on the list: revoked for good."""
    clock: Clock
    oldest: Window | None = None
    """Of the answers that the last whole round has seen or made."""
    count: int = 0
    """Answers that it has seen or made."""
    _seen: int | None = None
    """Number of the last change that the answers show; ``None`` before the first look."""
    _round: _Round | None = None
    _due_at: datetime | None = None
    """When the next round begins; ``None``: at once."""

    async def __call__(self) -> bool:
        """One step; whether there is more to do at once.

        Raises:
            HsmError, StorageUnavailable: Try again.
        """
        await self.look()
        now = self.clock.now()
        if self._round is None:
            if self._due_at is not None and self._due_at - status.ROUND_EVERY <= now < self._due_at:
                return False
            self._round = _Round(now, thorough=self._due_at is None)
        return await self._go_on(self._round)

    async def look(self) -> None:
        """Afterwards the answers show every change of the register.

        Raises:
            HsmError, StorageUnavailable: Try again.
        """
        last = await self.register.last_move()
        if self._seen is not None and last < self._seen:
            _log.error("register_is_older", was=self._seen, now=last)
            self._round = self._due_at = self._seen = None
        if self._seen is None:
            # What was before is the first round's matter.
            self._seen = last
        while found := await self.register.moved(self.issuer_id, self._seen, PAGE):
            await self._renew(found, thorough=True)
            self._seen = found[-1].number

    async def _go_on(self, current: _Round) -> bool:
        found = await self.register.moved(self.issuer_id, current.at, PAGE)
        if found:
            current.note(await self._renew(found, thorough=current.thorough))
            current.at = found[-1].number
            return True
        await self._drop(current)
        self.oldest, self.count = current.oldest, current.count
        self._round, self._due_at = None, self.clock.now() + status.ROUND_EVERY
        if current.made:
            took = self.clock.now() - current.began_at
            _log.info(
                "answers_renewed",
                made=current.made,
                count=current.count,
                took_s=round(took.total_seconds(), 1),
            )
        return False

    async def _renew(self, found: Sequence[Moved], *, thorough: bool) -> _Page:
        """The answers about these, of which those that are due or false are new."""
        responder, now = self.responder(), self.clock.now()
        wanted = [
            Answer(
                responders.cert_id(responder.issuer, int(line.serial, 16), oid),
                status.shown(self._revocation(line) or Standing.GOOD),
            )
            for line in found
            if status.kept_ready(line.not_after, now)
            for oid in _HASHES
        ]
        page = await asyncio.to_thread(self._compared, wanted, responder, now, thorough)
        page.windows += await self._make(responder, page.due, now)
        return page

    async def _make(
        self, responder: Responder, due: Sequence[Answer], now: datetime
    ) -> list[Window]:
        """Sign and write; the disk and the device work at the same time."""
        windows: list[Window] = []
        writing: asyncio.Task[None] | None = None
        try:
            for at in range(0, len(due), BATCH):
                made = await _signed(responder, due[at : at + BATCH], now)
                if writing is not None:
                    await writing
                writing = asyncio.create_task(asyncio.to_thread(self.answers.put, made))
                windows += [one.window for one in made]
        finally:
            if writing is not None:
                await writing
        return windows

    def _compared(
        self, wanted: Iterable[Answer], responder: Responder, now: datetime, thorough: bool
    ) -> _Page:
        page = _Page([], [])
        for one in wanted:
            begin = self.answers.made_at(one.cert_id)
            window = None if begin is None else status.ocsp_window(begin)
            due = window is None or status.ocsp_due(window, now)
            if window is None or due or (thorough and not self._says(one, responder)):
                page.due.append(one)
            else:
                page.windows.append(window)
        return page

    def _revocation(self, line: Moved) -> Revocation | None:
        return line.revocation or self.published(int(line.serial, 16))

    def _says(self, answer: Answer, responder: Responder) -> bool:
        found = self.answers.get(answer.cert_id)
        return (
            found is not None
            and found.status == answer.status
            and found.responder == responder.key_hash
        )

    async def _drop(self, current: _Round) -> None:
        """What a whole round has not made young belongs to nobody that it met.

        A thorough one looks at the others too: their lines may have vanished.
        """
        least = -_SECOND if current.thorough else status.OCSP_VALIDITY / 2
        than = current.began_at - least
        found = self.answers.older(than)
        while page := await asyncio.to_thread(_next, found):
            gone = [
                one
                for one in page
                if status.age(one.window, self.clock.now()) is not Age.YOUNG
                or await self.register.find(serial(one.serial)) is None
            ]
            await asyncio.to_thread(self.answers.drop, gone)


def _next(found: Iterator[Kept]) -> list[Kept]:
    return list(islice(found, PAGE))


@dataclass
class _Page:
    """Answers of one page."""

    due: list[Answer]
    windows: list[Window]
    """Of those that are as they should be."""


@dataclass
class _Round:
    """One visit to everybody."""

    began_at: datetime
    thorough: bool
    """Compare what each says, not only when it was made."""
    at: int = 0
    """Number of the last line that was visited."""
    oldest: Window | None = None
    count: int = 0
    made: int = 0

    def note(self, page: _Page) -> None:
        """A page was visited."""
        self.count += len(page.windows)
        self.made += len(page.due)
        for one in page.windows:
            if self.oldest is None or one.this_update < self.oldest.this_update:
                self.oldest = one


async def _signed(responder: Responder, wanted: Sequence[Answer], now: datetime) -> list[Kept]:
    """The answers, in any order; none when one of them cannot be made."""
    made: list[Kept] = []
    waiting = deque(wanted)
    window = status.ocsp_window(now)

    async def work() -> None:
        while waiting:
            one = waiting.popleft()
            try:
                body = await responses.respond(responder, responses.Draft((one,), window, now))
                made.append(kept.made(body, one, window, responder))
            except HsmError:
                waiting.clear()
                raise

    done = await asyncio.gather(*(work() for _ in range(AT_ONCE)), return_exceptions=True)
    for one in done:
        if isinstance(one, BaseException):
            raise one
    return made
