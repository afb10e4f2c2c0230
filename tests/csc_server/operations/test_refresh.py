"""Answers made in advance: who has some, when they are made anew, what goes. (7.2 row 22)"""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest

from csc_server.operations.status import refresh
from csc_server.operations.status.freshness import ANSWERS, Freshness
from hsm.errors import Broken, KeyGone
from pki.ocsp import kept
from pki.ocsp.kept import Kept
from policies import status
from policies.revocation import CertificateState, Reason, Revocation
from policies.status import HEAD_START, OCSP_VALIDITY, ROUND_EVERY, Standing
from tests.csc_server.operations.status_world import GONE, HASHES, World
from tests.pki import ocsp_cases
from tests.pki.golden import NOW, Golden

ALICE, BOB, CAROL = 0xA1 << 100, 0xB0B << 100, 0xCA401 << 100
SECOND = timedelta(seconds=1)
DUE = OCSP_VALIDITY / 2 - HEAD_START
OVER = Revocation(NOW, Reason.KEY_COMPROMISE)
HELD = Revocation(NOW, Reason.CERTIFICATE_HOLD)


@pytest.fixture
def world(pki: Golden, tmp_path: Path) -> World:
    """Alice and Bob have certificates."""
    made = World(pki, tmp_path)
    made.register.put(ALICE)
    made.register.put(BOB)
    return made


def of(world: World, number: int) -> list[Kept]:
    """The answers that lie there about this certificate: by both hashes or not at all."""
    found = [world.answers.get(world.cert_id(number, oid)) for oid in HASHES]
    kept = [one for one in found if one is not None]
    assert len(kept) in (0, 2)
    return kept


async def test_everybody_has_answers(world: World) -> None:
    """By both hashes, signed once, and nothing is made twice."""
    await world.settle()
    for number in (ALICE, BOB):
        assert {one.status for one in of(world, number)} == {Standing.GOOD}
    assert (world.signed, world.refresh.count) == (4, 4)
    world.clock.time += ROUND_EVERY
    await world.settle()
    assert world.signed == 4


async def test_a_first_round_that_has_to_wait(world: World) -> None:
    """For the responder's certificate, and for a slow device: what it made stays."""
    world.clock.time += timedelta(milliseconds=830)
    world.fault = KeyGone("no certificate yet")
    with pytest.raises(KeyGone):
        await world.refresh()
    world.fault = None
    world.clock.time += timedelta(milliseconds=970)
    await world.settle()
    assert of(world, ALICE)
    assert of(world, BOB)


async def test_only_what_was_issued_has_answers(world: World) -> None:
    """Not what is reserved, nor what is another authority's, nor what has expired."""
    world.register.put(CAROL, state=CertificateState.RESERVED)
    world.register.put(CAROL + 1, issuer_id="cc" * 32)
    world.register.put(CAROL + 2, not_after=NOW)
    await world.settle()
    assert not any(of(world, CAROL + more) for more in range(3))
    assert world.signed == 4


@pytest.mark.parametrize("change", [OVER, HELD])
async def test_a_change_is_followed_at_once(world: World, change: Revocation) -> None:
    """The next step has it, though no round is due; the others stay as they are."""
    world.register.put(CAROL, HELD)
    await world.settle()
    world.register.put(ALICE, change)
    world.register.put(CAROL)
    world.register.put(CAROL + 1)
    before = world.signed
    await world.refresh()
    assert {one.status for one in of(world, ALICE)} == {change}
    assert {one.status for one in of(world, CAROL)} == {Standing.GOOD}
    assert {one.status for one in of(world, CAROL + 1)} == {Standing.GOOD}
    assert world.signed == before + 6


async def test_a_change_is_followed_while_a_round_is_under_way(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also in the first one, which may take minutes."""
    monkeypatch.setattr(refresh, "PAGE", 1)
    world.register.put(CAROL)
    assert await world.refresh()
    assert (len(of(world, ALICE)), len(of(world, CAROL))) == (2, 0)
    world.register.put(ALICE, OVER)
    assert await world.refresh()
    assert {one.status for one in of(world, ALICE)} == {OVER}
    assert not of(world, CAROL)
    await world.settle()
    assert {one.status for one in of(world, ALICE)} == {OVER}
    assert {one.status for one in of(world, CAROL)} == {Standing.GOOD}


@pytest.mark.parametrize(("after", "made"), [(DUE - SECOND, 0), (DUE, 4)])
async def test_answers_are_renewed_before_half_their_life(
    world: World, after: timedelta, made: int
) -> None:
    """And not before."""
    await world.settle()
    world.signed = 0
    world.clock.time += after
    await world.settle()
    assert world.signed == made
    expected = NOW + after if made else NOW
    assert world.refresh.oldest == status.ocsp_window(expected)
    assert {one.window.this_update for one in of(world, BOB)} == {expected}


async def test_nothing_is_older_than_half_its_life_while_all_works(world: World) -> None:
    """Two days, in steps of the pause between rounds."""
    freshness = Freshness(sources={ANSWERS: lambda: world.refresh.oldest}, clock=world.clock)
    for _ in range(2 * 24 * 6):
        await world.settle()
        assert max(freshness.ages().values()) < OCSP_VALIDITY / 2
        world.clock.time += ROUND_EVERY
    assert world.signed <= 4 * (1 + 2 * 24 * 60 // 330)


async def test_a_restarted_process_compares_what_they_say(world: World) -> None:
    """Somebody was revoked, somebody resumed, and another responder took over meanwhile."""
    world.register.put(BOB, HELD)
    await world.settle()
    world.register.put(ALICE, OVER)
    world.register.put(BOB)
    again = World(world.pki, world.root.parent)
    again.register.lines = world.register.lines
    await again.settle()
    assert {one.status for one in of(again, ALICE)} == {OVER}
    assert {one.status for one in of(again, BOB)} == {Standing.GOOD}
    assert again.signed == 4
    rolled = World(world.pki, world.root.parent)
    rolled.register.lines = world.register.lines
    rolled.roll()
    await rolled.settle()
    assert rolled.signed == 4
    assert {one.responder for one in of(rolled, ALICE)} == {rolled.responder.key_hash}


async def test_spoilt_and_lost_files_are_made_anew(world: World) -> None:
    """By a process that starts."""
    await world.settle()
    files = sorted(path for path in world.root.rglob("*") if path.is_file())
    for path, content in zip(files, (b"", b"\x30\x03\x0a\x01\x00", None), strict=False):
        times = os.stat(path)
        if content is None:
            path.unlink()
        else:
            path.write_bytes(content)
            os.utime(path, (times.st_mtime, times.st_mtime))
    again = World(world.pki, world.root.parent)
    again.register.lines = world.register.lines
    await again.settle()
    assert again.signed == 3
    assert of(again, ALICE)
    assert of(again, BOB)


async def test_an_older_database(world: World) -> None:
    """A backup: whose line vanished has no answer any more, and the others say what it says, but
    for what was published as revoked."""
    await world.settle()
    backup = dict(world.register.lines)
    world.register.put(CAROL)
    world.register.put(ALICE, OVER)
    world.published = {ALICE: OVER}
    await world.settle()
    assert of(world, CAROL)
    world.register.lines = backup
    await world.settle()
    assert not of(world, CAROL)
    assert {one.status for one in of(world, ALICE)} == {OVER}
    assert {one.status for one in of(world, BOB)} == {Standing.GOOD}
    world.register.put(CAROL + 1)
    await world.settle()
    assert of(world, CAROL + 1)


async def test_what_nobody_knows_grows_old_and_goes(world: World) -> None:
    """A line that vanished quietly, and a certificate that expired."""
    world.register.put(CAROL, not_after=NOW + timedelta(hours=1))
    await world.settle()
    del world.register.lines[next(iter(world.register.lines))]
    for after in (OCSP_VALIDITY / 2, SECOND):
        assert of(world, CAROL)
        assert of(world, ALICE)
        world.clock.time += after
        await world.settle()
        world.clock.time += ROUND_EVERY
        await world.settle()
        if after > SECOND:
            break
    assert not of(world, ALICE)
    assert not of(world, CAROL)
    assert of(world, BOB)


@pytest.mark.parametrize("trouble", ["hsm", "register"])
async def test_when_renewing_fails_the_old_ones_stay(world: World, trouble: str) -> None:
    """They grow old, which shows, and it goes on by itself."""
    await world.settle()
    world.clock.time += DUE
    if trouble == "hsm":
        world.fault = Broken("hung")
    else:
        world.register.fault = GONE
    for _ in range(3):
        with pytest.raises((Broken, type(GONE))):
            await world.refresh()
    assert {one.window.this_update for one in of(world, ALICE)} == {NOW}
    assert world.refresh.oldest == status.ocsp_window(NOW)
    world.fault = world.register.fault = None
    await world.settle()
    assert {one.window.this_update for one in of(world, ALICE)} == {NOW + DUE}


async def test_a_clock_set_back_makes_them_anew(world: World) -> None:
    """An answer from the future is none."""
    await world.settle()
    world.clock.time -= timedelta(days=1)
    await world.settle()
    assert {one.window.this_update for one in of(world, BOB)} == {NOW - timedelta(days=1)}


async def test_names_with_slashes(world: World) -> None:
    """They are directories, which come and go with their answers; one at the end does not harm."""
    numbers = [0xFF << 120 | number << 90 | 0x3FFFF << 60 | 0xFFFF for number in range(1, 40)]
    for number in numbers:
        world.register.put(number)
    await world.settle()
    assert any(path.is_dir() for path in world.root.iterdir())
    assert kept.path(world.cert_id(numbers[0]))[-1] != "/"
    plain = ocsp_cases.get(ocsp_cases.request(world.cert_id(numbers[0])))
    assert str(plain).endswith("%2F")
    found = [one for number in numbers for one in of(world, number)]
    assert len(found) == 2 * len(numbers)
    world.answers.drop(found)
    assert sum(path.is_file() for path in world.root.rglob("*")) == 4
