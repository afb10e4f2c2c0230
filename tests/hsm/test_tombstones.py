"""Keys with a tombstone on a real token: not used, whoever asks, destroyed when they return."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from csc_server.adapters.tombstones import TombstoneLines
from csc_server.ports.keys import TombstonesUnreadable
from hsm import errors, tombstones
from hsm.messages import Role
from hsm.pool import SignerPool
from hsm.settings import KeyStoreKind, PoolSettings
from hsm.tombstones import Tombstones
from policies.key_ends import KeyEnd, Tombstone
from policies.values import KeyRef
from tests.hsm.world import DIGESTS, Person, enrol, mint
from tests.softhsm import make_tokens

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def tombstone(key_id: bytes) -> Tombstone:
    """Of a key that expired."""
    return Tombstone(key_id, hashlib.sha256(b"spki").digest(), KeyEnd.EXPIRED, NOW)


@pytest.fixture
def settings(tmp_path: Path) -> PoolSettings:
    """Two new tokens, a file of tombstones that is not there yet, one process."""
    (tmp_path / "audit").mkdir()
    return make_tokens(
        tmp_path,
        roles=frozenset(Role),
        processes=1,
        tombstones=tmp_path / "audit" / "tombstones.jsonl",
    )


async def sign(pool: SignerPool, person: Person, sad_id: str) -> None:
    """Somebody signs with the right factors."""
    minted = await mint(pool, person, sad_id, DIGESTS[:1])
    await pool.sign(person.permit(minted, sad_id, DIGESTS[:1]))


@pytest.mark.parametrize("kind", KeyStoreKind)
async def test_no_process_uses_a_dead_key(settings: PoolSettings, kind: KeyStoreKind) -> None:
    """From the line in the file on, also in a process that has the key open; others sign on."""
    assert settings.tombstones is not None
    async with SignerPool(replace(settings, key_store=kind)) as pool:
        await pool.initialise()
        alice, bob = await enrol(pool, "alice"), await enrol(pool, "bob")
        await sign(pool, alice, "first")
        approved = await mint(pool, alice, "second", DIGESTS[:1])
        TombstoneLines(settings.tombstones).add([tombstone(alice.key.key_ref.key_id)])
        with pytest.raises(errors.KeyGone):
            await pool.sign(alice.permit(approved, "second", DIGESTS[:1]))
        await sign(pool, bob, "third")


async def test_a_key_that_comes_back_is_destroyed_again(
    settings: PoolSettings, tmp_path: Path
) -> None:
    """An old copy of the token brings it back; once asked, the device has it no more."""
    assert settings.tombstones is not None
    async with SignerPool(settings) as pool:
        await pool.initialise()
        alice, bob = await enrol(pool, "alice"), await enrol(pool, "bob")
    shutil.copytree(tmp_path / "tokens", tmp_path / "copy")
    dead = alice.key.key_ref.key_id
    async with SignerPool(settings) as pool:
        await pool.destroy_key(KeyRef(dead))
    TombstoneLines(settings.tombstones).add([tombstone(dead)])
    shutil.rmtree(tmp_path / "tokens")
    shutil.copytree(tmp_path / "copy", tmp_path / "tokens")
    before = len(list((tmp_path / "tokens").rglob("*.object")))
    async with SignerPool(settings) as pool:
        assert await pool.destroy_again() == [dead]
        assert await pool.destroy_again() == []
        with pytest.raises(errors.KeyGone):
            await pool.destroy_key(KeyRef(dead))
        await sign(pool, bob, "sad")
    assert len(list((tmp_path / "tokens").rglob("*.object"))) == before - 1


async def test_nothing_is_signed_beside_a_damaged_file(settings: PoolSettings) -> None:
    """Nobody knows then which keys are dead."""
    assert settings.tombstones is not None
    async with SignerPool(settings) as pool:
        await pool.initialise()
        alice = await enrol(pool, "alice")
        minted = await mint(pool, alice, "sad", DIGESTS[:1])
        settings.tombstones.write_bytes(b"no tombstone\n")
        with pytest.raises(errors.Broken):
            await pool.sign(alice.permit(minted, "sad", DIGESTS[:1]))


def test_the_file_grows_by_whole_lines(tmp_path: Path) -> None:
    """Each key once; half a line of a power cut is cut off; two writers lose nothing."""
    path = tmp_path / "tombstones.jsonl"
    one, other = TombstoneLines(path), TombstoneLines(path)
    first, second, third = (tombstone(bytes([number]) * 16) for number in range(3))
    one.add([first])
    other.add([first, second])
    assert other.read() == [first, second]
    with path.open("ab") as file:
        file.write(tombstones.encode(third)[:-9])
    assert one.read() == [first, second]
    one.add([first, second, third])
    assert TombstoneLines(path).read() == [first, second, third]
    assert path.stat().st_mode & 0o777 == 0o600
    path.write_bytes(path.read_bytes() + b"{}\n")
    for call in (one.read, lambda: one.add([tombstone(b"n" * 16)])):
        with pytest.raises(TombstonesUnreadable):
            call()


def test_a_reader_follows_and_notices_a_loss(tmp_path: Path) -> None:
    """New lines are seen at the next look; a file that shrank or went away stops everything."""
    path = tmp_path / "tombstones.jsonl"
    reader, writer = Tombstones(path), TombstoneLines(path)
    assert reader.dead() == set()
    for number in range(2):
        writer.add([tombstone(bytes([number]) * 16)])
        assert len(reader.dead()) == number + 1
    content = path.read_bytes()
    path.write_bytes(content[: content.index(b"\n") + 1])
    with pytest.raises(errors.Broken):
        reader.dead()
    path.unlink()
    with pytest.raises(errors.Broken):
        reader.dead()
    assert Tombstones(None).dead() == set()
