"""oauth2/revoke: a client gives a token back. (RFC 7009; CSC v1 8.4.4, v2 8.4.5)"""

from __future__ import annotations

from dataclasses import dataclass

from csc_server.operations.oauth.clients import AuthenticateClient
from csc_server.ports import Call, Clock, Tokens
from policies.audit import Event, EventType, Outcome
from policies.oauth.authentication import Presented
from policies.secret import Token
from policies.tokens import TokenKind


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeToken:
    """oauth2/revoke."""

    authenticate: AuthenticateClient
    tokens: Tokens
    clock: Clock

    async def __call__(self, call: Call, presented: Presented, token: Token) -> None:
        """Afterwards the token is dead; a refresh token takes its grant with all SADs along.

        A token that is unknown, or another client's, changes nothing and is no error: there is
        nothing to do, and nothing to be learned (RFC 7009 2.2).

        Raises:
            Refused: Of ``AuthenticateClient``.
        """
        now = self.clock.now()
        client = await self.authenticate(call, presented, now)
        facts = await self.tokens.find(token.digest())
        if facts is None or facts.principal.client_id != client.client_id:
            return
        record = Event(
            EventType.TOKEN_REVOKED,
            Outcome.SUCCESS,
            now,
            f"client:{client.client_id}",
            {"grant_id": facts.grant_id, "token_kind": facts.kind.value},
            call.source,
            call.correlation_id,
        )
        if facts.kind is TokenKind.REFRESH:
            await self.tokens.revoke_grant(facts.grant_id, now, [record])
        else:
            await self.tokens.revoke_token(token.digest(), now, [record])
