"""signDoc from the approval to the files: what is not what it should be leaves nobody.

Real documents, real children, certificates of the golden PKI; the key is in this process, because
the subject is what happens after the signature. (docs/adr/0012)
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from ades.desk import Crashed, Desk
from csc_server.adapters.entropy import SystemEntropy
from csc_server.adapters.pacing import ClientPacing
from csc_server.adapters.spool import Spool
from csc_server.operations import sign_doc
from csc_server.operations.effects import Effects
from csc_server.operations.sign_doc import SignDoc
from csc_server.ports import Authorizations, Call
from csc_server.ports.documents import Room
from hsm.interface import DocumentSignature, SigningDevice
from policies import errors
from policies.algorithms import KeyAlgorithm
from policies.audit import Event, EventType, Outcome
from policies.documents import DocumentPermit, Format, Level, Part, SignDocRequest
from policies.jobs import SigningResult
from policies.secret import Sad
from policies.sign import SigningFacts
from policies.tokens import DIRECT
from policies.values import CertificateFacts
from tests import build
from tests.ades.keys import InProcess, Keys
from tests.ades.office import Office
from tests.build import ALICE, ECDSA_SHA256
from tests.csc_server.operations.broken_assembly import FAULT
from tests.pki.golden import NOW, golden
from tests.spooled import spooled

CALL = Call("192.0.2.1", "c" * 32)
PDF = (Path(__file__).parents[3] / "csc_server/commands/sample.pdf").read_bytes()
TEXT = b"The price is 100 lei.\n" * 20
HONEST = ("ades.assembly", "ades.checking")
BROKEN = ("tests.csc_server.operations.broken_assembly", "ades.checking")
FAULTS = (
    "a byte of the document",
    "a byte of the value",
    "something behind it",
    "cut off",
)


class Clock:
    """A moment after the certificates were issued."""

    def now(self) -> datetime:
        return NOW + timedelta(minutes=1)


@dataclass
class Store:
    """One SAD, and what became of it."""

    facts_of: SigningFacts
    steps: list[str] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    async def facts(self, sad: Sad, credential_id: str) -> SigningFacts:
        return self.facts_of

    async def reserve(self, permit: Any, operation: str, now: datetime, *more: Any) -> None:
        self.steps.append("reserved")

    async def complete(self, permit: Any, operation: str, events: Sequence[Event]) -> None:
        self.steps.append("completed")

    async def release(self, permit: Any, operation: str, events: Sequence[Event]) -> None:
        self.steps.append("released")

    async def note(self, events: Sequence[Event]) -> None:
        self.events += events


@dataclass
class Device:
    """Signs what a permit names."""

    keys: Keys
    asked: asyncio.Event
    let: asyncio.Event

    async def sign_documents(self, permit: DocumentPermit) -> list[DocumentSignature]:
        order = permit.redeem()
        self.asked.set()
        await self.let.wait()
        return [self.keys.sign(KeyAlgorithm.P_256, one, order.certificate) for one in order.items]


@dataclass
class World:
    """The operation over a desk, and a room to work in."""

    desk: Desk
    store: Store
    room: Room
    keys: Keys
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    let: asyncio.Event = field(default_factory=asyncio.Event)
    effects: Effects = field(default_factory=Effects)

    def __post_init__(self) -> None:
        self.let.set()

    async def sign(self, *parts: Part) -> SigningResult:
        """signDoc."""
        entropy = SystemEntropy()
        operation = SignDoc(
            authorizations=cast("Authorizations", self.store),
            device=cast("SigningDevice", Device(self.keys, self.asked, self.let)),
            clock=Clock(),
            entropy=entropy,
            effects=self.effects,
            pacing=ClientPacing(0, DIRECT),
            background=cast("Any", None),
            timestamps=None,
            evidence=None,
            desk=self.desk,
            stamp_anchors=(),
        )
        request = SignDocRequest(build.credential().credential_id, Sad("handle"), parts)
        return await operation(CALL, ALICE, request, self.room)


def parts(room: Path) -> dict[str, Part]:
    """One of each kind, by name."""

    def part(content: bytes, form: Format, document: bool = True) -> Part:
        digest = hashlib.sha256(content).digest()
        file = spooled(room, content) if document else None
        return Part(digest, file, form, Level.B_B, None, ECDSA_SHA256, None, None)

    return {
        "pdf": part(PDF, Format.PADES),
        "text": part(TEXT, Format.CADES),
        "digest": part(TEXT, Format.CADES, document=False),
        "digest of a PDF": part(PDF, Format.PADES, document=False),
    }


@pytest.fixture
def office() -> Office:
    """Who certifies."""
    return Office(InProcess(), golden())


async def opened(desk: Desk, room: Room, office: Office) -> World:
    """Alice with an approval for everything."""
    keys = office.keys
    certificate = await office.certificate(KeyAlgorithm.P_256)
    credential = build.credential(
        certificates=(certificate, *office.chain, office.pki.root.certificate),
        public_key=keys.public(KeyAlgorithm.P_256),
        certificate=CertificateFacts(None, "Alice", NOW, NOW + timedelta(days=365)),
    )
    digests = [hashlib.sha256(one).digest() for one in (PDF, TEXT, TEXT, PDF)]
    ends = {"expires_at": NOW + timedelta(hours=1), "hard_expires_at": NOW + timedelta(hours=1)}
    auth = build.authorization(*digests, **ends)
    return World(desk, Store(SigningFacts(auth, credential)), room, keys)


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    """A directory of a request."""
    spool = Spool(tmp_path, "web-0", 10**9, SystemEntropy())
    spool.open()
    async with spool.room() as room:
        yield room


@pytest.mark.parametrize("small", [-1, 10**6])
async def test_what_is_sound_leaves(
    room: Room, office: Office, monkeypatch: pytest.MonkeyPatch, small: int
) -> None:
    """All kinds at once, each with its file, the approval used up; by a child or without."""
    monkeypatch.setattr(sign_doc, "SMALL_BYTES", small)
    async with Desk(HONEST) as desk:
        world = await opened(desk, room, office)
        result = await world.sign(*parts(room.path).values())
    assert len(result.documents) == 2
    assert len(result.objects) == 2
    assert (room.path / result.documents[0]).read_bytes().startswith(PDF)
    assert world.store.steps == ["reserved", "completed"]
    assert world.store.events == []


@pytest.mark.parametrize("fault", FAULTS)
async def test_what_is_broken_on_the_way_leaves_nobody(
    room: Room, office: Office, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    """Whatever the embedding does to it: refused, on record, and the approval is spent."""
    monkeypatch.setenv(FAULT, fault)
    monkeypatch.setattr(sign_doc, "SMALL_BYTES", -1)
    async with Desk(BROKEN) as desk:
        for name, part in parts(room.path).items():
            world = await opened(desk, room, office)
            with pytest.raises(errors.SignatureUnsound):
                await world.sign(part)
            assert world.store.steps == ["reserved", "completed"], name
            (event,) = world.store.events
            assert (event.type, event.outcome) == (EventType.DOCUMENT_FAILED, Outcome.FAILURE)
            assert event.details["reason"] == "SignatureUnsound"


async def test_work_keeps_its_files_when_nobody_waits_any_more(
    tmp_path: Path, office: Office
) -> None:
    """A request whose time is over leaves its room to the work that it began."""
    spool = Spool(tmp_path, "web-0", 10**9, SystemEntropy())
    spool.open()
    async with Desk(HONEST) as desk:
        async with spool.room() as room:
            world = await opened(desk, room, office)
            world.let.clear()
            request = asyncio.create_task(world.sign(parts(room.path)["pdf"]))
            await world.asked.wait()
            request.cancel()
            await asyncio.wait([request])
        assert room.path.exists()
        world.let.set()
        await world.effects.drain()
    assert not room.path.exists()
    assert world.store.steps == ["reserved", "completed"]
    assert world.store.events == []


async def test_a_child_that_dies_spends_the_approval(
    room: Room, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The signature exists and leaves nobody; that is on record."""
    monkeypatch.setenv(FAULT, "killed")
    monkeypatch.setattr(sign_doc, "SMALL_BYTES", -1)
    async with Desk(BROKEN) as desk:
        world = await opened(desk, room, office)
        with pytest.raises(Crashed):
            await world.sign(parts(room.path)["pdf"])
    assert world.store.steps == ["reserved", "completed"]
    assert [event.details["reason"] for event in world.store.events] == ["Crashed"]
