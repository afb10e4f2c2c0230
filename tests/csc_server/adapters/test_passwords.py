"""What is kept of passwords: right and wrong ones, older forms, and equal work for all."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from csc_server.adapters import passwords
from csc_server.adapters.entropy import SystemEntropy
from csc_server.adapters.passwords import PepperedHasher, key_version
from csc_server.ports import Account
from hsm.messages import Role
from hsm.pool import SignerPool
from policies.secret import Password
from tests.contracts import stores
from tests.softhsm import make_tokens

SECRET = Password("seven quiet otters painting fences")
WRONG = Password(SECRET.value + "!")


@pytest.fixture
async def hasher(tmp_path: Path) -> AsyncIterator[PepperedHasher]:
    """Over a real device with its keys."""
    roles = frozenset({Role.SIGN, Role.ENROL, Role.ADMIN})
    async with SignerPool(make_tokens(tmp_path, processes=1, roles=roles)) as device:
        await device.initialise()
        yield PepperedHasher(SystemEntropy(), device)


def alice(kept: str) -> Account:
    """Of whose password this is kept."""
    return stores.account("alice", password_hash=kept)


async def test_a_password_matches_what_is_kept_of_it_alone(hasher: PepperedHasher) -> None:
    """Right, wrong, too long, of another account, of nobody, and texts that nobody wrote."""
    owner = alice("")
    kept = await hasher.hash(owner.account_id, SECRET)
    assert key_version(kept) == 1
    found = await hasher.verify(alice(kept), SECRET)
    assert (found.right, found.renewed) == (True, None)
    for account, password in (
        (alice(kept), WRONG),
        (alice(kept), Password(SECRET.value + "x" * 300)),
        (replace(alice(kept), account_id=stores.account("bob").account_id), SECRET),
        (None, SECRET),
        (alice("$argon2id$"), SECRET),
        (alice(kept + " "), SECRET),
        (alice(kept.replace("k=1", "k=0")), SECRET),
    ):
        assert not (await hasher.verify(account, password)).right


async def test_the_hsm_computes_as_much_for_everybody(
    hasher: PepperedHasher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One tag and one call for a right and a wrong password, an unknown name, an older row."""
    kept = await hasher.hash(alice("").account_id, SECRET)
    plain = "$argon2id$v=19$m=47104,t=1,p=1$" + "A" * 22 + "$" + "A" * 43
    done: list[str] = []
    for place, name in ((hasher._device, "_call"), (passwords, "_derive")):
        real = getattr(place, name)

        def noted(*given: Any, _real: Any = real, _name: str = name, **more: Any) -> Any:
            done.append(_name)
            return _real(*given, **more)

        monkeypatch.setattr(place, name, noted)
    for account, password in (
        (alice(kept), SECRET),
        (alice(kept), WRONG),
        (None, SECRET),
        (alice(plain), WRONG),
        (alice("nothing of ours"), WRONG),
    ):
        done.clear()
        await hasher.verify(account, password)
        assert done == ["_derive", "_call"]


async def test_what_an_older_release_kept_is_renewed(hasher: PepperedHasher) -> None:
    """argon2id alone still opens, and whoever types the password gets the key over it; dearer
    or cheaper hashes are made anew."""
    for memory_kib, passes in ((47104, 1), (19456, 2)):
        plain = Argon2id(
            salt=b"s" * 16, length=32, iterations=passes, lanes=1, memory_cost=memory_kib
        ).derive_phc_encoded(SECRET.value.encode())
        assert key_version(plain) == 0
        assert await hasher.verify(alice(plain), WRONG) == await hasher.verify(None, WRONG)
        found = await hasher.verify(alice(plain), SECRET)
        assert found.right
        assert found.renewed is not None
        assert found.renewed.startswith("$argon2id-hmac$v=19$k=1,m=47104,t=1,p=1$")
        again = await hasher.verify(alice(found.renewed), SECRET)
        assert (again.right, again.renewed) == (True, None)
