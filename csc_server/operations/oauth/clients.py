"""Which client calls: authentication at the token endpoint and its neighbours, proofs of keys.

(RFC 6749 3.2.1; RFC 7523; RFC 9449 4.3, 7)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from csc_server.ports import Call, Paces
from csc_server.ports.oauth import Clients, JwtInvalid, Jwts, Replays
from policies import errors
from policies.oauth import authentication, clients, proofs
from policies.oauth.authentication import Presented
from policies.oauth.clients import Client
from policies.oauth.proofs import OneTime
from policies.secret import Token


@dataclass(frozen=True, slots=True)
class Proof:
    """The DPoP headers of a request, and the request they were made for."""

    headers: Sequence[str]
    method: str
    url: str
    """As clients see it, without the query."""


@dataclass(frozen=True, slots=True)
class CheckProof:
    """From a DPoP proof to the key that was proved."""

    jwts: Jwts
    replays: Replays

    def read(self, proof: Proof, token: Token | None, now: datetime) -> tuple[str, OneTime]:
        """Thumbprint of the key, and the identifier that is still to be claimed.

        Raises:
            ProofInvalid: Not exactly one proof, or it does not fit (RFC 9449 4.3).
        """
        if len(proof.headers) != 1:
            raise errors.ProofInvalid("not exactly one DPoP header")
        try:
            signed = self.jwts.proof(proof.headers[0])
            one_time = proofs.proof(
                signed.header,
                signed.claims,
                method=proof.method,
                url=proof.url,
                token=token,
                now=now,
            )
        except (JwtInvalid, proofs.Unproved) as reason:
            raise errors.ProofInvalid(str(reason)) from reason
        if signed.jkt is None:
            raise errors.ProofInvalid("no key")
        return signed.jkt, one_time

    async def claim(self, jkt: str, proof: Proof, one_time: OneTime) -> None:
        """Afterwards the proof is used up.

        Raises:
            ProofInvalid: It was used before (RFC 9449 11.1).
        """
        # Identifiers are unique for a URL (RFC 9449 4.2); another key's do not count.
        owner = f"{jkt} {proof.url}"
        if not await self.replays.first("dpop", owner, one_time.jti, one_time.until):
            raise errors.ProofInvalid("replayed")

    async def __call__(self, proof: Proof, now: datetime) -> str | None:
        """The key proved at an endpoint of the authorization server; ``None`` without a proof.

        Raises:
            ProofInvalid: See ``read`` and ``claim``.
        """
        if not proof.headers:
            return None
        jkt, one_time = self.read(proof, None, now)
        await self.claim(jkt, proof, one_time)
        return jkt


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthenticateClient:
    """From what a request says about its client to the client."""

    clients: Clients
    jwts: Jwts
    replays: Replays
    paces: Paces
    issuer: str
    """Our name, and so ``aud`` of an assertion."""

    async def __call__(self, call: Call, presented: Presented, now: datetime) -> Client:
        """The client.

        Raises:
            RateLimited: It failed too often lately, seen from this address.
            ParameterMissing, ParameterInvalid: See ``policies.oauth.authentication.named``.
            ClientUnknown: Not registered.
            ClientAuthMissing, ClientAuthFailed, ClientAssertionInvalid: It is not who it says.
        """
        client_id = authentication.named(presented)
        found = await self.clients.find(client_id)
        pace = clients.failures(found, call.source)
        await self.paces.admit(pace, now)
        try:
            client = clients.known(found)
            assertion = authentication.check(client, presented)
            if assertion is not None:
                await self._verify(client, assertion, now)
        except errors.Refused:
            await self.paces.count(pace, now)
            raise
        return client

    async def _verify(self, client: Client, assertion: str, now: datetime) -> None:
        try:
            signed = self.jwts.assertion(assertion, client.jwks or "")
        except JwtInvalid as reason:
            raise errors.ClientAssertionInvalid(str(reason)) from reason
        one_time = proofs.assertion(signed.claims, client, self.issuer, now)
        if not await self.replays.first(
            "assertion", client.client_id, one_time.jti, one_time.until
        ):
            raise errors.ClientAssertionInvalid("replayed")
