"""A login killed in the middle loses no keys: `hsm.softhsm` on real tokens."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from hsm import softhsm
from hsm.pool import PoolSettings, Role, SignerPool
from hsm.softhsm import FILE, KEPT
from tests.softhsm import make_tokens

GENERATION = "generation"


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> PoolSettings:
    """Two tokens with service keys and canary."""
    settings = make_tokens(tmp_path_factory.mktemp("softhsm"), roles=frozenset(Role), processes=1)

    async def initialise() -> None:
        async with SignerPool(settings) as pool:
            await pool.initialise()

    asyncio.run(initialise())
    return settings


async def _signs(settings: PoolSettings) -> None:
    async with SignerPool(replace(settings, roles=frozenset({Role.SIGN}))) as pool:
        assert pool.health().last_canary_at is not None


def _configuration(settings: PoolSettings) -> Path:
    assert settings.softhsm_conf is not None
    return settings.softhsm_conf


def _tokens(settings: PoolSettings) -> list[Path]:
    found = [path.parent for path in _configuration(settings).parent.glob(f"tokens/*/{FILE}")]
    assert len(found) == 2
    return found


@pytest.mark.parametrize("left", [0, 7, 8, 100, -1])
async def test_a_broken_token_comes_back_with_its_keys(ready: PoolSettings, left: int) -> None:
    """Of the token's file only the first bytes are left: the next process signs as before."""
    for token in _tokens(ready):
        data = (token / FILE).read_bytes()
        (token / FILE).write_bytes(data[:left])
    await _signs(ready)


def test_a_login_under_way_is_waited_for(ready: PoolSettings) -> None:
    """A file that is whole a moment later is the one that counts, not its copy."""
    token = _tokens(ready)[0]
    data = (token / FILE).read_bytes()
    changed = bytes([data[0] ^ 1]) + data[1:]
    (token / FILE).write_bytes(b"")
    writer = threading.Timer(0.05, (token / FILE).write_bytes, [changed])
    writer.start()
    softhsm.mend(_configuration(ready))
    writer.join()
    assert (token / FILE).read_bytes() == changed
    (token / FILE).write_bytes(data)


def test_a_copy_is_of_the_pin_of_now(ready: PoolSettings) -> None:
    """What the PIN unlocks has changed: the copy follows. A broken file is never copied."""
    token = _tokens(ready)[0]
    data = (token / FILE).read_bytes()
    changed = data[:-1] + bytes([data[-1] ^ 1])
    (token / FILE).write_bytes(changed)
    softhsm.keep(_configuration(ready))
    assert (token / KEPT).read_bytes() == changed
    (token / FILE).write_bytes(data[:200])
    softhsm.keep(_configuration(ready))
    assert (token / KEPT).read_bytes() == changed
    (token / FILE).write_bytes(data)
    softhsm.keep(_configuration(ready))


async def test_other_files_that_a_kill_may_leave_empty_do_not_matter(
    ready: PoolSettings,
) -> None:
    """The count of changes and a key that was about to be made."""
    token = _tokens(ready)[0]
    generation = (token / GENERATION).read_bytes()
    (token / GENERATION).write_bytes(b"")
    begun = token / "00000000-0000-0000-0000-000000000001.object"
    begun.write_bytes(b"")
    await _signs(ready)
    begun.unlink()
    (token / GENERATION).write_bytes(generation)
