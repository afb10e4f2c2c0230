"""argon2id password hashes. (RFC 9106; security-and-pki 5.2)"""

from __future__ import annotations

import asyncio
import os
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from csc_server.ports import Entropy
from policies.secret import Password

R = TypeVar("R")
T = TypeVar("T")

MEMORY_KIB: Final = 47104
PASSES: Final = 1
LANES: Final = 1
"""OWASP ASVS 5.0 appendix C: 46 MiB, one pass, one lane."""
LONGEST_BYTES: Final = 256
"""Longer passwords cannot be set, so they are never hashed."""
NICENESS: Final = 10
"""A tenth of everybody else's share while the cores are busy: twenty people who log in at once
wait for each other, not the signatures of others for them."""

# A hash of nothing anybody knows, so that an unknown account costs what a known one costs.
_NOBODY: Final = (
    f"$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}"
    "$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
)


class Argon2Hasher:
    """Hashes off the event loop, at most one per core at a time: 46 MiB each."""

    def __init__(self, entropy: Entropy) -> None:
        self._entropy = entropy
        self._threads = ThreadPoolExecutor(os.cpu_count(), "argon2", _step_aside)

    async def hash(self, password: Password) -> str:
        """A PHC string."""
        salt = bytes.fromhex(self._entropy.identifier())
        return await self._run(_hash, _bytes(password), salt)

    async def verify(self, password: Password, password_hash: str | None) -> bool:
        """True when the password matches; ``None`` costs the same time and is never true."""
        secret = _bytes(password)
        matches = await self._run(_verify, secret, password_hash or _NOBODY)
        return matches and password_hash is not None and len(secret) <= LONGEST_BYTES

    async def _run(self, work: Callable[[bytes, T], R], secret: bytes, argument: T) -> R:
        return await asyncio.get_running_loop().run_in_executor(
            self._threads, work, secret, argument
        )


def _step_aside() -> None:
    """Let whoever does not hash go first: on Linux this is about the calling thread alone."""
    os.nice(NICENESS)


def _bytes(password: Password) -> bytes:
    """NIST SP 800-63B-4 3.1.1.2: normalise, so that keyboards do not matter."""
    return unicodedata.normalize("NFC", password.value).encode("utf-8", "surrogatepass")


def _hash(secret: bytes, salt: bytes) -> str:
    kdf = Argon2id(salt=salt, length=32, iterations=PASSES, lanes=LANES, memory_cost=MEMORY_KIB)
    return kdf.derive_phc_encoded(secret)


def _verify(secret: bytes, password_hash: str) -> bool:
    try:
        Argon2id.verify_phc_encoded(secret[: LONGEST_BYTES + 1], password_hash)
    except InvalidKey:
        return False
    return True
