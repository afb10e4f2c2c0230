"""signatures/timestamp: a token of the configured authority. (CSC v1 11.10, v2 11.13)"""

from __future__ import annotations

from dataclasses import dataclass

from csc_server.ports import Clock, Entropy, Paces
from csc_server.ports.documents import SigningPacing, TimestampAuthority
from policies.algorithms import HashAlgorithm
from policies.values import Principal


@dataclass(frozen=True, slots=True)
class TimestampWish:
    """signatures/timestamp."""

    digest: bytes
    algorithm: HashAlgorithm
    nonce: int | None
    """``None``: one of ours, so that the answer is still tied to the request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timestamp:
    """signatures/timestamp."""

    authority: TimestampAuthority
    pacing: SigningPacing
    paces: Paces
    clock: Clock
    entropy: Entropy

    async def __call__(self, principal: Principal, wish: TimestampWish) -> bytes:
        """The TimeStampToken, DER of its ContentInfo.

        Raises:
            ClientTooFast: The client asks too often.
            TimestampUnavailable, TimestampRefused: No token.
        """
        now = self.clock.now()
        pace = self.pacing.admit(principal, now)
        if pace is not None:
            await self.paces.take(pace, now)
        nonce = int(self.entropy.identifier(), 16) if wish.nonce is None else wish.nonce
        return await self.authority.timestamp(wish.digest, wish.algorithm, nonce)
