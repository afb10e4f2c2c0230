"""The pages on a stage: real routes, templates and sessions, with people and requests made up.

For states that a whole service shows rarely or late, and for what programs ask.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from types import SimpleNamespace
from typing import Any, Final

from aiohttp import web

from csc_server.adapters.clock import SystemClock
from csc_server.adapters.entropy import SystemEntropy
from csc_server.config import Settings
from csc_server.operations.oauth.views import (
    Begun,
)
from csc_server.operations.sessions import BrowserSessions
from csc_server.ports.messages import Kept
from csc_server.ports.sessions import SessionKey
from csc_server.web import middleware, routes
from csc_server.web.pages import look
from csc_server.web.requests import METHOD
from csc_server.web.services import SERVICES
from policies import errors
from policies.audit import Event
from policies.oauth.requests import Asked
from policies.sessions import End, Session, SessionId, Stage
from policies.values import AccountId, Credential
from tests.csc_server.pages.cast import OWNER, StagedPeople, soon
from tests.csc_server.pages.papers import StagedCertificates
from tests.csc_server.pages.programs import Programs, StagedApprovals
from tests.ports import free_port

KEY: Final = SessionKey("k" * 43)
"""The cookie of somebody who is signed in."""
HALF: Final = SessionKey("h" * 43)
"""The cookie of somebody whose code is awaited."""
PAIRING: Final = SessionKey("p" * 43)
"""The cookie of somebody who has to pair before anything else."""
STALE: Final = SessionKey("s" * 43)
"""The cookie of somebody whose last proof is long ago."""
IDLE: Final = SessionKey("i" * 43)
"""The cookie of somebody for whom nothing happened for a while."""
ENDED: Final = SessionKey("e" * 43)
"""The cookie of somebody who was signed out for security."""


class MemorySessions:
    """The port ``Sessions`` in a dictionary."""

    def __init__(self) -> None:
        self.rows: dict[bytes, Session] = {}

    async def open(self, session: Session, events: Sequence[Event]) -> None:
        """Keep it."""
        self.rows[session.digest] = session

    async def find(self, digest: bytes) -> Session | None:
        """By digest."""
        return self.rows.get(digest)

    async def touch(self, session_id: SessionId, now: datetime) -> None:
        """Nothing: nobody idles here."""

    async def keep(self, session_id: SessionId, data: Mapping[str, str]) -> None:
        """New data."""
        for digest, one in self.rows.items():
            if one.session_id == session_id:
                self.rows[digest] = replace(one, data=data)

    async def replace(self, old: bytes, new: Session, events: Sequence[Event]) -> bool:
        """Under a new digest."""
        self.rows.pop(old)
        self.rows[new.digest] = new
        return True

    async def end(self, session_id: SessionId, reason: End, now: datetime, events: Any) -> None:
        """Gone."""
        self.rows = {d: one for d, one in self.rows.items() if one.session_id != session_id}

    async def of_account(self, account_id: AccountId, now: datetime) -> list[Session]:
        """All of them."""
        return list(self.rows.values())

    async def end_others(self, account_id: AccountId, but: bytes, now: datetime, e: Any) -> None:
        """All but one."""

    async def purge(self, now: datetime) -> int:
        """None."""
        return 0


class StagedCodes:
    """Codes by SMS that nobody gets."""

    def __init__(self, people: StagedPeople) -> None:
        self._people = people
        self.refusal: errors.Refused | None = None
        """Why the next one is not sent."""
        self.sent: list[str] = []
        """For which credentials."""

    async def __call__(self, call: Any, account_id: AccountId, credential_id: str) -> Any:
        """Send as the person's other verbs do, or end with ``refusal``."""
        if self.refusal is not None:
            raise self.refusal
        self.sent.append(credential_id)
        return await self._people.send_code(call, account_id, credential_id)


class StageServer:
    """The application in a thread of its own."""

    def __init__(self, credential: Credential, public_url: str | None = None) -> None:
        self._credential, self._public_url = credential, public_url
        self._store, self._staged = MemorySessions(), SimpleNamespace()
        self.answered: set[tuple[str, str]] = set()
        """HTTP method, and path as the table of pages has it, of every request so far."""
        self.reset()
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._ready, self._stop = threading.Event(), asyncio.Event()
        self._loop = asyncio.new_event_loop()

    def reset(self) -> None:
        """People, programs and sessions as they were at the start."""
        self.programs, self.people = Programs(self._credential), StagedPeople()
        self.messages: list[Kept] = []
        """What the outbox keeps."""
        self._store.rows = {one.digest: one for one in _sessions()}
        self.approvals = StagedApprovals(self.programs)
        self._staged.people, self._staged.authorization = self.people, self.programs
        self._staged.approvals = self.approvals
        self.certificates = StagedCertificates(self._credential.certificates[0])
        self._staged.apis = SimpleNamespace(certificates=self.certificates)
        self.codes = StagedCodes(self.people)
        self._staged.send_code = self.codes

    @contextmanager
    def running(self) -> Iterator[StageServer]:
        """While the context lasts."""
        thread = threading.Thread(
            target=self._loop.run_until_complete, args=(self._serve(),), daemon=True
        )
        thread.start()
        assert self._ready.wait(10)
        try:
            yield self
        finally:
            self._loop.call_soon_threadsafe(self._stop.set)
            thread.join(10)
            self._loop.close()

    def open_elsewhere(self, *devices: str) -> None:
        """Afterwards the person is signed in with these browsers too, and with no other."""
        self.keep_only(KEY)
        for number, device in enumerate(devices):
            one = _session(SessionKey(f"{number}" * 43), device=device, source=f"192.0.2.{number}")
            self._store.rows[one.digest] = one

    def keep_only(self, key: SessionKey) -> None:
        """Afterwards there is one session."""
        self._store.rows = {key.digest(): self._store.rows[key.digest()]}

    def cookie(self, key: SessionKey) -> dict[str, str]:
        """For a browser in which somebody is."""
        return {"name": "sid", "value": key.value, "url": self.url}

    async def _serve(self) -> None:
        runner = web.AppRunner(self._application(), shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", self.port).start()
        self._ready.set()
        await self._stop.wait()
        await runner.cleanup()

    def _application(self) -> web.Application:
        entropy, clock = SystemEntropy(), SystemClock()
        application = web.Application(middlewares=[middleware.edge(15, entropy)])
        look.install(application, Settings(port=self.port, public_url=self._public_url))
        application.router.add_route("*", "/{path:.*}", self._dispatch)
        self._staged.sessions = BrowserSessions(self._store, clock, entropy)
        self._staged.clock = clock
        self._staged.outbox = SimpleNamespace(latest=self._latest)
        self._staged.oauth = SimpleNamespace(begin=_begin)
        staged: Any = self._staged
        application[SERVICES] = staged
        return application

    async def _dispatch(self, request: web.Request) -> web.StreamResponse:
        try:
            return await routes.dispatch(request)
        finally:
            self.answered.add((request.method, request.get(METHOD, "").removeprefix("page")))

    async def _latest(self, limit: int) -> list[Kept]:
        return self.messages[:limit]


async def _begin(asked: Asked, bind: Callable[[], Awaitable[SessionId]]) -> Begun:
    """A program that is known sends a browser here; ``state`` names what it asks."""
    if asked.client_id != "contab":
        raise errors.ClientUnknown("x")
    await bind()
    return Begun(asked.state or "consent", None)


def _sessions() -> Iterator[Session]:
    yield _session(KEY)
    yield _session(HALF, stage=Stage.CODE_AWAITED)
    yield _session(PAIRING, stage=Stage.PAIRING)
    yield _session(STALE, proved_at=soon(-60))
    yield _session(IDLE, seen_at=soon(-60))
    yield _session(ENDED, end=End.SECURITY)


def _session(key: SessionKey, **changes: Any) -> Session:
    now = soon(0)
    standard = Session(
        session_id=SessionId(key.value[:8]),
        digest=key.digest(),
        stage=Stage.SIGNED_IN,
        account_id=OWNER,
        opened_at=now,
        seen_at=now,
        ends_at=soon(60),
        proved_at=now,
        source="127.0.0.1",
        device="",
    )
    return replace(standard, **changes)
