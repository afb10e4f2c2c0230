"""Password hashes: right and wrong ones, and that hashing steps aside for everything else."""

from __future__ import annotations

import os
import threading

from csc_server.adapters.entropy import SystemEntropy
from csc_server.adapters.passwords import NICENESS, Argon2Hasher
from policies.secret import Password

SECRET = Password("seven quiet otters painting fences")


async def test_a_password_matches_its_own_hash_alone() -> None:
    """Right, wrong, and the hash of nobody."""
    hasher = Argon2Hasher(SystemEntropy())
    kept = await hasher.hash(SECRET)
    assert await hasher.verify(SECRET, kept)
    assert not await hasher.verify(Password(SECRET.value + "!"), kept)
    assert not await hasher.verify(SECRET, None)


async def test_hashing_steps_aside() -> None:
    """Its threads are nicer than the one that answers requests, which stays as it was."""
    before = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    await Argon2Hasher(SystemEntropy()).verify(SECRET, None)
    hashing = [one.native_id for one in threading.enumerate() if one.name.startswith("argon2")]
    assert {os.getpriority(os.PRIO_PROCESS, one or 0) for one in hashing} == {
        min(before + NICENESS, 19)
    }
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == before
