"""The pages on a stage: real routes, templates and sessions, with people and requests made up.

For states that a whole service shows rarely or late, and for what programs ask.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, Final

from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from csc_server.adapters.clock import SystemClock
from csc_server.adapters.entropy import SystemEntropy
from csc_server.config import Settings
from csc_server.operations.approvals.answer import ApprovalView, Asking
from csc_server.operations.oauth.views import (
    Application,
    AuthorizationView,
    Begun,
    Redirect,
    Signatures,
    Waiting,
)
from csc_server.operations.sessions import BrowserSessions
from csc_server.ports.messages import Kept
from csc_server.ports.sessions import SessionKey
from csc_server.web import middleware, routes
from csc_server.web.pages import look
from csc_server.web.requests import METHOD
from csc_server.web.services import SERVICES
from policies import errors
from policies.algorithms import HashAlgorithm
from policies.audit import Event
from policies.oauth.requests import Asked
from policies.oauth.values import Document
from policies.sessions import End, Session, SessionId, Stage
from policies.tokens import Scope
from policies.values import AccountId, ApprovalId, Credential, Factor
from tests import build, service
from tests.csc_server.pages.cast import NOW, OWNER, StagedPeople, soon
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
CALLBACK: Final = "https://contabpro.example/back?code=c&iss=i"
OWN_SCHEME: Final = "example.contabpro:/back?code=c&iss=i"
ODD_NAMES: Final[list[str | None]] = [
    "عقد القرض رقم 4471.pdf",
    "חוזה הלוואה 12 (סופי).docx",
    "Invoice \u202efdp.exe",
    "契約書 Zażółć gęślą jaźń \U0001f469\u200d\u2696\ufe0f.pdf",
    "S" * 200 + ".pdf",
    "annex_" + "0123456789" * 9,
    "\u200b\u202e",
    None,
]
"""What clients call documents: other directions, other scripts, no blanks, nothing at all."""


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


class Programs:
    """What programs ask: the identifier of the request says which case it is."""

    def __init__(self, credential: Credential) -> None:
        self._credential = credential
        self.refusal: errors.Refused | None = None
        """What the next approval ends with."""
        self.answers: list[tuple[str, dict[str, Any]]] = []
        self.applications_of: list[Application] = [
            Application("contab", "Contab Pro", "contabpro.example", (Scope.SERVICE,), NOW),
            Application("desk", "Paraph for the desktop", "", (Scope.SERVICE,), NOW),
        ]

    async def peek(self, request_id: str, session_id: str) -> Waiting:
        """Who waits."""
        return self._waiting(request_id)

    async def view(self, request_id: str, session_id: str, account_id: AccountId) -> Any:
        """The request."""
        if request_id == "gone":
            raise errors.AuthorizationRequestGone("over")
        waiting = self._waiting(request_id)
        new = (Scope.ACCOUNT,) if request_id == "more" else waiting.scopes
        return AuthorizationView(
            waiting=waiting,
            consent_given=request_id == "given",
            new_scopes=new,
            other_account=request_id == "other",
            signatures=self.signatures(request_id),
        )

    async def allow(self, call: Any, *request: str, asked: bool) -> Redirect:
        """Let in."""
        self.answers.append(("allow", {"asked": asked}))
        return Redirect(OWN_SCHEME if request[0] == "native" else CALLBACK)

    async def approve(self, call: Any, *request: str, **given: Any) -> Redirect:
        """Sign, or end with ``refusal``."""
        if self.refusal is not None:
            raise self.refusal
        self.answers.append(("approve", given))
        return Redirect(CALLBACK)

    async def refuse(self, call: Any, *request: str) -> Redirect:
        """No."""
        self.answers.append(("refuse", {}))
        scheme = OWN_SCHEME if request[0] == "native" else CALLBACK
        return Redirect(scheme.partition("?")[0] + "?error=access_denied")

    async def applications(self, account_id: AccountId) -> list[Application]:
        """Those that were let in."""
        return self.applications_of

    async def withdraw(self, call: Any, account_id: AccountId, client_id: str) -> None:
        """Shut out."""
        self.answers.append(("withdraw", {"client_id": client_id}))

    def _waiting(self, request_id: str) -> Waiting:
        native = request_id == "native"
        names = {"odd": "شركة المحاسبة 24", "long": "Contabilitate" * 9}
        return Waiting(
            request_id=request_id,
            client_name=names.get(request_id, "Contab Pro <b>\u202eevil</b>"),
            client_host="" if native else "contabpro.example",
            native=native,
            scopes=(Scope.ACCOUNT, Scope.SERVICE),
            lang=None,
            expires_at=soon(10),
            answers_to="https://contabpro.example",
        )

    def signatures(self, request_id: str) -> Signatures | None:
        """What is to be signed."""
        if request_id in ("consent", "more", "native", "other", "given", "long"):
            return None
        names: list[str | None] = ["Loan agreement 4471.pdf", "Annex 2, repayment schedule.pdf"]
        if request_id == "hashes":
            names = [None, None]
        if request_id == "many":
            names = [f"Payslip {number}.pdf" for number in range(100)]
        if request_id == "odd":
            names = ODD_NAMES
        documents = tuple(
            Document(service.digest_of(f"{at} {name}"), name) for at, name in enumerate(names)
        )
        pin = replace(self._credential, factors=frozenset({Factor.PIN, Factor.OTP}))
        fitting: dict[str, tuple[Credential, ...]] = {
            "none": (),
            "choose": (self._credential, replace(pin, credential_id="second")),  # type: ignore[arg-type]  # a name of ours
            "pin": (pin,),
        }
        description = "بيان 3 — for the board of 12 May" if request_id == "odd" else None
        usable = fitting.get(request_id, (self._credential,))
        return Signatures(documents, HashAlgorithm.SHA256, description, usable)


class StagedApprovals:
    """Requests that wait out of band; what each asks is as of ``Programs``."""

    def __init__(self, programs: Programs) -> None:
        self._programs = programs
        self.refusal: errors.Refused | None = None
        """What the next approval ends with."""
        self.answers: list[tuple[str, str, dict[str, Any]]] = []
        self.requests: list[Asking] = [
            _asking("named", "Contab Pro <b>\u202eevil</b>", "contabpro.example", 240),
            _asking("unnamed", "", "", 1),
            _asking("native", "Paraph for the desktop", "", 2),
        ]

    async def waiting(self, account_id: AccountId) -> list[Asking]:
        """All of them."""
        return self.requests

    async def view(self, request_id: str, account_id: AccountId) -> ApprovalView:
        """One; ``gone`` is over, ``none`` has no certificate."""
        if request_id == "gone":
            raise errors.AuthorizationRequestGone("over")
        unnamed = request_id == "unnamed"
        name, host = ("", "") if unnamed else ("Contab Pro", "contabpro.example")
        kind = {"unnamed": "hashes", "named": "hashes"}.get(request_id, request_id)
        signatures = self._programs.signatures(kind)
        assert signatures is not None
        said = replace(signatures, description="Contract 17 </p><b>now</b>")
        return ApprovalView(_asking(request_id, name, host, len(said.documents)), said)

    async def approve(
        self, call: Any, request_id: str, account_id: AccountId, **given: Any
    ) -> None:
        """Take it, or end with ``refusal``."""
        if self.refusal is not None:
            raise self.refusal
        self.answers.append(("approve", request_id, given))

    async def refuse(self, call: Any, request_id: str, account_id: AccountId) -> None:
        """No."""
        self.answers.append(("refuse", request_id, {}))


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
        self.approvals = StagedApprovals(self.programs)
        self.messages: list[Kept] = []
        """What the outbox keeps."""
        self._store.rows = {one.digest: one for one in _sessions()}
        self._staged.people, self._staged.authorization = self.people, self.programs
        self._staged.approvals = self.approvals

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


def credential() -> Credential:
    """A credential with a real certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Paraph Qualified CA 1")])
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Andreea Ionescu")])
    certificate = (
        x509.CertificateBuilder(issuer, subject, key.public_key(), 0x5A3B00117C1E90B4)
        .not_valid_before(NOW)
        .not_valid_after(NOW + timedelta(days=365))
        .sign(key, hashes.SHA256())
    )
    spki = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return build.credential(
        certificates=(certificate.public_bytes(Encoding.DER),), public_key=spki, multisign=1000
    )


def _asking(request_id: str, name: str, host: str, count: int) -> Asking:
    end = soon(10)
    return Asking(ApprovalId(request_id), name, host, count, NOW, end)


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
