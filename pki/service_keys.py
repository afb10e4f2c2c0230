"""Service keys by name, as those who sign with them see the HSM."""

from __future__ import annotations

from typing import Protocol

from pki.signed import Sign
from policies.algorithms import KeyAlgorithm, SignAlgorithm


class ServiceKeys(Protocol):
    """The part of the HSM that authorities need; ``hsm.pool`` has it."""

    async def service_key(self, name: str, algorithm: KeyAlgorithm) -> bytes:
        """SubjectPublicKeyInfo (DER) of a service key, generated if absent."""

    async def service_sign(self, name: str, digest: bytes, algorithm: SignAlgorithm) -> bytes:
        """A signature value by a service key."""


def named(keys: ServiceKeys, name: str) -> Sign:
    """How the service key with this name signs."""

    async def sign(digest: bytes, algorithm: SignAlgorithm) -> bytes:
        return await keys.service_sign(name, digest, algorithm)

    return sign
