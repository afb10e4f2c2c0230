"""Work after the answer, when the process that took it dies, the device fails, or all is well.

A real store; a device that answers when the test says so. (CSC v2 11.10 to 11.12)
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import pytest

from csc_server.adapters.entropy import SystemEntropy
from csc_server.adapters.pacing import ClientPacing
from csc_server.adapters.spool import Spool
from csc_server.operations.background import Background, ForgetJobs, Poll
from csc_server.operations.effects import Effects
from csc_server.operations.sign_hash import SignHash
from csc_server.ports import Call, SadAlreadyUsed
from csc_server.storage import Storage
from hsm import errors as hsm
from hsm.interface import SigningDevice
from policies import errors
from policies.jobs import SigningResult
from policies.secret import Sad
from policies.sign import SigningPermit
from policies.tokens import DIRECT
from tests import build
from tests.build import ALICE, DIGEST_A, HOUR, MALLORY, SECOND, T0
from tests.contracts import stores

CALL = Call("192.0.2.1", "c" * 32)


@dataclass
class Clock:
    """A clock that the test turns."""

    at: datetime = T0

    def now(self) -> datetime:
        return self.at


@dataclass
class Device:
    """Signs when it is let, or fails as it is told."""

    let: asyncio.Event = field(default_factory=asyncio.Event)
    failure: Exception | None = None
    signed: int = 0

    async def sign(self, permit: SigningPermit) -> list[bytes]:
        order = permit.redeem()
        await self.let.wait()
        if self.failure is not None:
            raise self.failure
        self.signed += 1
        return [b"signature" for _ in order.digests]


@dataclass
class Process:
    """A web process: operations over a store."""

    store: Storage
    clock: Clock
    directory: Path
    device: Device = field(default_factory=Device)
    effects: Effects = field(default_factory=Effects)
    per_second: int = 0
    spool: Spool = field(init=False)

    def __post_init__(self) -> None:
        entropy = SystemEntropy()
        self.spool = Spool(self.directory, "web-0", 10**9, entropy)
        self.spool.open()
        background = Background(
            jobs=self.store.jobs,
            spool=self.spool,
            clock=self.clock,
            entropy=entropy,
            effects=self.effects,
        )
        self.sign_hash = SignHash(
            authorizations=self.store.authorizations,
            device=cast("SigningDevice", self.device),
            clock=self.clock,
            entropy=entropy,
            effects=self.effects,
            pacing=ClientPacing(self.per_second, DIRECT),
            background=background,
        )
        self.poll = Poll(self.store.jobs, self.clock)

    async def start(self, validity_ms: int | None = None) -> Any:
        """Mode A for the one hash of the SAD."""
        request = build.request(DIGEST_A, sad=Sad("handle-sad"))
        return await self.sign_hash.start(CALL, ALICE, request, validity_ms)

    async def die(self) -> None:
        """Everything under way is gone, as after SIGKILL."""
        for task in self.effects._under_way:
            task.cancel()
        await asyncio.sleep(0)


@pytest.fixture
async def process(tmp_path: Path) -> AsyncIterator[Process]:
    """A process in which Alice has a SAD for one hash."""
    url = await stores.empty_url("sqlite", tmp_path)
    async with stores.opened(url, tmp_path) as store:
        await stores.populate(store)
        await stores.issue(store, "sad", DIGEST_A)
        yield Process(store, Clock(), tmp_path / "spool")


async def test_the_answer_comes_before_the_signature(process: Process) -> None:
    """Pending while the device works, then the result, for its owner only."""
    handle = await process.start()
    with pytest.raises(errors.ResponsePending):
        await process.poll(ALICE, handle)
    process.device.let.set()
    await process.effects.drain()
    assert await process.poll(ALICE, handle) == SigningResult(signatures=(b"signature",))
    with pytest.raises(errors.ResponseUnknown):
        await process.poll(MALLORY, handle)
    assert await stores.states(process.store, "sad") == ("spent", ["consumed"])


async def test_a_dead_process_leaves_a_failure_and_no_second_signature(process: Process) -> None:
    """Nobody takes the work up; its approval stays reserved; the poll fails when time is over."""
    handle = await process.start()
    await process.die()
    successor = Process(process.store, process.clock, process.directory)
    successor.device.let.set()
    with pytest.raises(errors.ResponsePending):
        await successor.poll(ALICE, handle)
    assert await stores.states(process.store, "sad") == ("consuming", ["reserved"])
    with pytest.raises(errors.SadNotUsable):
        await successor.start()
    process.clock.at = T0 + 120 * SECOND
    with pytest.raises(errors.ResponseFailed):
        await successor.poll(ALICE, handle)
    process.clock.at = T0 + HOUR
    assert await process.store.authorizations.expire(process.clock.at, 10) == 1
    assert await stores.states(process.store, "sad") == ("expired", ["burned"])
    assert process.device.signed == successor.device.signed == 0


async def test_a_device_that_refuses_gives_the_approval_back(process: Process) -> None:
    """The job has failed for good; the SAD signs again."""
    process.device.failure = hsm.KeyGone("test")
    process.device.let.set()
    handle = await process.start()
    await process.effects.drain()
    with pytest.raises(errors.ResponseFailed):
        await process.poll(ALICE, handle)
    assert await stores.states(process.store, "sad") == ("issued", ["authorized"])
    process.device.failure = None
    again = await process.start()
    await process.effects.drain()
    assert (await process.poll(ALICE, again)).signatures == (b"signature",)


async def test_a_device_that_may_have_signed_keeps_it(process: Process) -> None:
    """Failed for good, and the hash stays reserved."""
    process.device.failure = hsm.Ambiguous("test")
    process.device.let.set()
    handle = await process.start()
    await process.effects.drain()
    with pytest.raises(errors.ResponseFailed):
        await process.poll(ALICE, handle)
    assert await stores.states(process.store, "sad") == ("consuming", ["reserved"])


async def test_only_one_of_many_is_accepted(process: Process) -> None:
    """The reservation is made before the answer."""
    process.device.let.set()
    outcomes = await asyncio.gather(*(process.start() for _ in range(6)), return_exceptions=True)
    refused = [one for one in outcomes if isinstance(one, Exception)]
    assert len(refused) == 5
    assert all(isinstance(one, (SadAlreadyUsed, errors.SadNotUsable)) for one in refused)
    await process.effects.drain()
    assert process.device.signed == 1


async def test_results_go_when_their_time_is_over(process: Process) -> None:
    """Ten seconds were asked for; then the handle is unknown and the row is gone."""
    process.device.let.set()
    handle = await process.start(10_000)
    await process.effects.drain()
    process.clock.at = T0 + 10 * SECOND
    with pytest.raises(errors.ResponseUnknown):
        await process.poll(ALICE, handle)
    await ForgetJobs(process.store.jobs, process.spool, process.clock)()
    assert await process.store.jobs.find(handle) is None


async def test_the_pace_is_kept_before_anything_is_read(process: Process) -> None:
    """The second call of a second is refused, whatever it asks for."""
    paced = Process(process.store, process.clock, process.directory, per_second=1)
    paced.device.let.set()
    unknown = build.request(DIGEST_A, sad=Sad("unknown"))
    with pytest.raises(errors.SadUnknown):
        await paced.sign_hash(CALL, ALICE, unknown)
    with pytest.raises(errors.ClientTooFast):
        await paced.start()
    paced.clock.at = T0 + SECOND
    await paced.start()
    await paced.effects.drain()
