"""OCSP: what is told when register, device and callers behave, and when they do not."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta
from pathlib import Path

import pytest
from asn1crypto import ocsp

from csc_server.adapters.pacing import SourcePacing
from csc_server.operations.status import lookup
from csc_server.operations.status import ocsp as operation
from csc_server.operations.status.ocsp import TellStatus, Told
from csc_server.ports import StorageUnavailable
from hsm.errors import Broken, Busy, HsmError
from pki.ocsp import kept, requests
from pki.ocsp.requests import Request
from pki.ports import Registered, Serial, serial
from policies.revocation import CertificateState, Reason, Revocation
from policies.status import OCSP_VALIDITY, Failure, StatusRefused
from tests.csc_server.operations.status_world import GONE, HERE, Lines, World
from tests.pki import ocsp_cases
from tests.pki.golden import NOW, Golden

ALICE, BOB, NOBODY = 0xA1 << 100, 0xB0B << 100, 0xDEAD << 100
SECOND = timedelta(seconds=1)
HELD = Revocation(NOW + timedelta(microseconds=7), Reason.CERTIFICATE_HOLD)
OVER = Revocation(NOW + timedelta(microseconds=9), Reason.SUPERSEDED)
NONCE = bytes(range(32))


@pytest.fixture
async def world(pki: Golden, tmp_path: Path) -> World:
    """Alice and Bob have certificates, and answers made in advance."""
    made = World(pki, tmp_path)
    made.register.put(ALICE)
    made.register.put(BOB)
    await made.settle()
    made.signed = 0
    return made


@pytest.fixture
def tell(world: World) -> TellStatus:
    """One that remembers nothing yet."""
    return world.tell()


def question(world: World, *numbers: int, nonce: bytes | None = None) -> Request:
    """About these certificates."""
    ids = [ocsp_cases.cert_id(world.issuer, one) for one in numbers]
    extensions = () if nonce is None else (ocsp_cases.nonce(nonce),)
    return requests.parse(ocsp_cases.request(*ids, extensions=extensions))


def words(told: Told) -> list[str]:
    """What is said of each certificate."""
    data = ocsp.OCSPResponse.load(told.body).response_data
    return [one["cert_status"].name for one in data["responses"]]


def nonce_of(told: Told) -> bytes | None:
    """The nonce that came back."""
    found = ocsp.OCSPResponse.load(told.body).nonce_value
    return None if found is None else bytes(found.native)


async def refusal(tell: TellStatus, request: Request) -> Failure:
    """Why nothing is told."""
    with pytest.raises(StatusRefused) as caught:
        await tell(request, HERE)
    return caught.value.failure


async def test_without_a_nonce_nothing_is_signed(world: World, tell: TellStatus) -> None:
    """Everybody gets the answer made in advance, and may keep it."""
    told = [await tell(question(world, ALICE), HERE) for _ in range(3)]
    assert {one.body for one in told} == {told[0].body}
    assert (words(told[0]), told[0].cacheable, world.signed) == (["good"], True, 0)


async def test_with_a_nonce_it_is_signed_on_the_spot(world: World, tell: TellStatus) -> None:
    """The nonce comes back, and nobody may keep it."""
    told = await tell(question(world, ALICE, nonce=NONCE), HERE)
    assert (words(told), nonce_of(told), told.cacheable) == (["good"], NONCE, False)
    assert world.signed == 1


@pytest.mark.parametrize("nonce", [None, NONCE])
async def test_a_change_shows_in_the_next_answer(
    world: World, tell: TellStatus, nonce: bytes | None
) -> None:
    """Before those made in advance know of it; and back again."""
    for revocation, word in ((None, "good"), (HELD, "revoked"), (None, "good"), (OVER, "revoked")):
        world.register.put(ALICE, revocation)
        for _ in range(2):
            assert words(await tell(question(world, ALICE, nonce=nonce), HERE)) == [word]


async def test_a_true_answer_is_remembered(world: World, tell: TellStatus) -> None:
    """Signed once for the change, not for each who asks."""
    world.register.put(ALICE, OVER)
    for _ in range(5):
        assert (await tell(question(world, ALICE), HERE)).cacheable
    assert world.signed == 1


async def test_never_good_for_what_was_not_issued(world: World, tell: TellStatus) -> None:
    """Reserved, of another authority, deleted, never heard of, a neighbour, 300 by chance."""
    world.register.put(NOBODY, state=CertificateState.RESERVED)
    world.register.put(NOBODY + 1, issuer_id="cc" * 32)
    del world.register.lines[serial(BOB)]
    numbers = [NOBODY, NOBODY + 1, BOB, ALICE + 1, ALICE - 1, 0, -ALICE, ALICE << 8]
    numbers += [random.getrandbits(160) for _ in range(300)]
    for number in numbers:
        told = await tell(question(world, number), HERE)
        assert (words(told), told.cacheable) == (["unknown"], False), number


async def test_what_was_published_as_revoked_stays_so(world: World, tell: TellStatus) -> None:
    """Also when the register, restored from a backup, says it is good; and what it does not know
    is unknown."""
    world.published = {ALICE: OVER, NOBODY: OVER}
    tell.lookup.published = world.published.get
    for nonce in (None, NONCE):
        told = await tell(question(world, ALICE, nonce=nonce), HERE)
        assert words(told) == ["revoked"]
        assert words(await tell(question(world, NOBODY, nonce=nonce), HERE)) == ["unknown"]
        assert words(await tell(question(world, BOB, nonce=nonce), HERE)) == ["good"]


async def test_unknown_is_not_remembered(world: World, tell: TellStatus) -> None:
    """It may be issued in the next second."""
    assert words(await tell(question(world, NOBODY), HERE)) == ["unknown"]
    world.register.put(NOBODY)
    assert words(await tell(question(world, NOBODY), HERE)) == ["good"]


async def test_never_past_its_end(world: World, tell: TellStatus) -> None:
    """Nor from before its begin: then a new one is signed; without a device there is none."""
    request = question(world, ALICE)
    await tell(request, HERE)
    for step, signed in ((OCSP_VALIDITY - SECOND, 0), (SECOND, 1), (-3 * OCSP_VALIDITY, 2)):
        world.clock.time += step
        told = await tell(request, HERE)
        window = told.window
        assert window.this_update <= world.clock.time < window.next_update
        assert world.signed == signed
    world.fault = Broken("hung")
    world.clock.time += 4 * OCSP_VALIDITY
    with pytest.raises(Broken):
        await tell(request, HERE)


async def test_newer_ones_are_found(world: World, tell: TellStatus) -> None:
    """What was remembered gives way to what lies there when it is half through."""
    request = question(world, ALICE)
    await tell(request, HERE)
    world.clock.time += OCSP_VALIDITY / 2
    await world.settle()
    assert (await tell(request, HERE)).window.this_update == world.clock.time


@pytest.mark.parametrize("fault", [Broken("hung"), Busy("full")])
async def test_without_the_device(world: World, tell: TellStatus, fault: HsmError) -> None:
    """Answers made in advance go on; what has to be signed does not."""
    world.fault = fault
    assert words(await tell(question(world, ALICE), HERE)) == ["good"]
    with pytest.raises(type(fault)):
        await tell(question(world, NOBODY), HERE)
    if isinstance(fault, Broken):
        with pytest.raises(Broken):
            await tell(question(world, ALICE, nonce=NONCE), HERE)


async def test_without_the_register(world: World, tell: TellStatus) -> None:
    """The same; and it is left alone for a moment instead of being asked by everybody."""
    world.register.fault = GONE
    world.register.found = 0
    for _ in range(3):
        assert words(await tell(question(world, ALICE), HERE)) == ["good"]
        for request in (question(world, ALICE, nonce=NONCE), question(world, NOBODY)):
            with pytest.raises(StorageUnavailable):
                await tell(request, HERE)
    assert world.register.found == 1
    world.register.fault = None
    tell.lookup.silent_until_s = 0
    assert words(await tell(question(world, ALICE, nonce=NONCE), HERE)) == ["good"]


class Hanging(Lines):
    """Does not answer, and does not say so."""

    async def find(self, serial: Serial) -> Registered | None:
        """Never."""
        await asyncio.Event().wait()
        raise AssertionError


async def test_a_register_that_hangs(
    world: World, tell: TellStatus, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It counts as silent after a while."""
    monkeypatch.setattr(lookup, "ANSWER_WITHIN_S", 0.01)
    tell.lookup.register = Hanging(world.issuer_id)
    assert words(await tell(question(world, ALICE), HERE)) == ["good"]
    with pytest.raises(StorageUnavailable):
        await tell(question(world, ALICE, nonce=NONCE), HERE)


async def test_who_asks_too_much_gets_what_was_made_in_advance(world: World) -> None:
    """Without the nonce; others are signed for; what has no such answer comes later."""
    tell = world.tell(pacing=SourcePacing(1, at_once=2))
    fresh = question(world, ALICE, nonce=NONCE)
    for expected in (NONCE, NONCE, None, None):
        told = await tell(fresh, HERE)
        assert (words(told), nonce_of(told)) == (["good"], expected)
    assert world.signed == 2
    assert nonce_of(await tell(fresh, "192.0.2.99")) == NONCE
    assert words(await tell(question(world, BOB), HERE)) == ["good"]
    for request in (question(world, NOBODY), question(world, NOBODY, nonce=NONCE)):
        assert await refusal(tell, request) is Failure.TRY_LATER
    world.register.put(ALICE, OVER)
    assert await refusal(tell, fresh) is Failure.TRY_LATER, "a false answer is none"
    world.clock.time += SECOND
    assert nonce_of(await tell(fresh, HERE)) == NONCE


async def test_under_overload_everybody_gets_what_was_made_in_advance(
    world: World, tell: TellStatus
) -> None:
    """Of the first certificate that is asked for (RFC 9919 4)."""
    world.fault = Busy("full")
    for request in (question(world, ALICE, nonce=NONCE), question(world, ALICE, BOB)):
        told = await tell(request, HERE)
        assert (words(told), nonce_of(told), told.cacheable) == (["good"], None, True)
    assert await refusal(tell, question(world, NOBODY, ALICE)) is Failure.TRY_LATER


async def test_memory_is_bounded(
    world: World, tell: TellStatus, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who was asked for longest ago goes first."""
    monkeypatch.setattr(operation, "KEPT", 3)
    for number in (1, 2, 3, 1, 4):
        world.register.put(number)
        await tell(question(world, number), HERE)
    assert [kept.read(one.body).serial for one in tell.recent.values()] == [3, 1, 4]
