"""oauth2/token: a code, a refresh token or the client itself becomes tokens.

1. client and its key
2. facts: the code or refresh token, in one read
3. rule: ``policies.oauth.grants``
4. store: used up and replaced in one transaction; who comes second gets nothing, and takes the
   first one's tokens along (RFC 6749 4.1.2; RFC 9700 4.14.2)
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from csc_server.operations.oauth.clients import AuthenticateClient, CheckProof, Proof
from csc_server.operations.records import event
from csc_server.ports import Call, Clock, Entropy, NewToken, Paces, Tokens
from csc_server.ports.oauth import Grants
from policies import errors, tokens
from policies.audit import Event, EventType, Outcome
from policies.oauth import clients, grants
from policies.oauth.authentication import Presented
from policies.oauth.clients import Client, GrantType
from policies.oauth.values import CodeFacts, Issued, TokenRequest
from policies.secret import Token
from policies.tokens import Scope, TokenFacts, TokenKind
from policies.values import ClientPrincipal, GrantId, Principal


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeToken:
    """oauth2/token."""

    authenticate: AuthenticateClient
    proof: CheckProof
    grants: Grants
    tokens: Tokens
    paces: Paces
    clock: Clock
    entropy: Entropy

    async def __call__(
        self, call: Call, presented: Presented, request: TokenRequest, proof: Proof
    ) -> Issued:
        """New tokens.

        Raises:
            RateLimited: The client failed too often lately, seen from this address.
            Refused: Of ``AuthenticateClient`` and of the rules in ``policies.oauth.grants``.
        """
        now = self.clock.now()
        client = await self.authenticate(call, presented, now)
        clients.may(client, request.grant_type)
        proved = await self.proof(proof, now)
        grants.must_prove(client, proved)
        try:
            match request.grant_type:
                case GrantType.AUTHORIZATION_CODE:
                    return await self._code(call, client, request, proved, now)
                case GrantType.REFRESH_TOKEN:
                    return await self._refresh(call, client, request, proved, now)
                case GrantType.CLIENT_CREDENTIALS:
                    return await self._own(call, client, request, proved, now)
        except (errors.CodeInvalid, errors.VerifierWrong, errors.GrantRefreshInvalid):
            await self.paces.count(clients.failures(client, call.source), now)
            raise

    async def _code(
        self,
        call: Call,
        client: Client,
        request: TokenRequest,
        proved: str | None,
        now: datetime,
    ) -> Issued:
        if request.code is None:
            raise errors.ParameterMissing("code")
        facts = await self.grants.code(request.code)
        try:
            known = grants.code(facts, client, request.redirect_uri, request.verifier, proved, now)
        except grants.CodeReplayed:
            await self._end(call, facts, now)
            raise
        principal = Principal(known.account_id, client.client_id, known.grant_id, proved)
        access = self._access(known, principal, now)
        new = [access]
        if grants.gets_refresh_token(client, known.request.scopes):
            new.append(self._refresh_token(client, known.request.scopes, proved, now))
        record = _issued(call, principal, access, now)
        if not await self.grants.redeem(request.code, principal, new, now, [record]):
            await self._end(call, facts, now)
            raise grants.CodeReplayed(known.grant_id)
        return _answer(new, known, now)

    def _access(self, known: CodeFacts, principal: Principal, now: datetime) -> NewToken:
        scopes = known.request.scopes
        expires_at = now + tokens.ACCESS_LIFETIME
        if known.sad_expires_at is not None:
            # The token is the SAD's handle: it lives as long as the approval.
            expires_at = known.sad_expires_at
        return NewToken(
            token=Token(self.entropy.token()),
            kind=TokenKind.ACCESS,
            expires_at=expires_at,
            scopes=scopes,
            token_type=grants.token_type(known.request.version, scopes, principal.jkt),
            credential_id=known.credential_id,
            sad_id=known.sad_id,
            jkt=principal.jkt,
        )

    def _refresh_token(
        self, client: Client, scopes: frozenset[Scope], proved: str | None, now: datetime
    ) -> NewToken:
        return NewToken(
            token=Token(self.entropy.token()),
            kind=TokenKind.REFRESH,
            expires_at=now + tokens.REFRESH_LIFETIME,
            scopes=scopes,
            # RFC 9449 5: the refresh token of a client that authenticates is bound to it already.
            jkt=proved if client.public else None,
        )

    async def _refresh(
        self,
        call: Call,
        client: Client,
        request: TokenRequest,
        proved: str | None,
        now: datetime,
    ) -> Issued:
        if request.refresh_token is None:
            raise errors.ParameterMissing("refresh_token")
        digest = request.refresh_token.digest()
        facts = await self.tokens.find(digest)
        try:
            principal = grants.refresh(facts, client, proved, now)
        except grants.RefreshReplayed:
            await self._end(call, facts, now)
            raise
        assert facts is not None  # noqa: S101 - the rule refuses None
        grants.narrowed(facts.scopes, request.scope)
        access = self._further(facts, proved, now)
        record = _issued(call, principal, access, now)
        if not grants.rotates(client):
            await self.tokens.renew(principal.grant_id, access, [record])
            return _answer([access], None, now)
        successor = NewToken(
            token=Token(self.entropy.token()),
            kind=TokenKind.REFRESH,
            # Absolute: a refresh does not prolong it (ASVS 10.4.8).
            expires_at=facts.expires_at,
            scopes=facts.scopes,
            jkt=principal.jkt,
        )
        new = [access, successor]
        if not await self.grants.rotate(digest, principal.grant_id, new, now, [record]):
            await self._end(call, facts, now)
            raise grants.RefreshReplayed(principal.grant_id)
        return _answer(new, None, now)

    def _further(self, facts: TokenFacts, proved: str | None, now: datetime) -> NewToken:
        return NewToken(
            token=Token(self.entropy.token()),
            kind=TokenKind.ACCESS,
            expires_at=now + tokens.ACCESS_LIFETIME,
            scopes=facts.scopes,
            token_type=grants.token_type(2, facts.scopes, proved),
            jkt=proved,
        )

    async def _own(
        self,
        call: Call,
        client: Client,
        request: TokenRequest,
        proved: str | None,
        now: datetime,
    ) -> Issued:
        scopes = grants.own_scopes(client, request.scope)
        grant_id = GrantId(self.entropy.identifier())
        principal: Principal | ClientPrincipal
        if scopes == tokens.SERVICE and client.account_id is not None:
            principal = Principal(client.account_id, client.client_id, grant_id, proved)
        else:
            principal = ClientPrincipal(client.client_id, grant_id, proved)
        access = NewToken(
            token=Token(self.entropy.token()),
            kind=TokenKind.ACCESS,
            expires_at=now + tokens.ACCESS_LIFETIME,
            scopes=scopes,
            token_type=grants.token_type(2, scopes, proved),
            jkt=proved,
        )
        await self.grants.open(principal, access, now, [_issued(call, principal, access, now)])
        return _answer([access], None, now)

    async def _end(self, call: Call, facts: CodeFacts | TokenFacts | None, now: datetime) -> None:
        """Something that may be used once came twice: somebody has a copy."""
        if facts is None:
            return
        record = _record(EventType.TOKEN_REUSED, call, _principal(facts), now, Outcome.FAILURE)
        await self.tokens.revoke_grant(facts.grant_id, now, [record])


def _principal(facts: CodeFacts | TokenFacts) -> Principal | ClientPrincipal:
    if isinstance(facts, TokenFacts):
        return facts.principal
    return Principal(facts.account_id, facts.request.client_id, facts.grant_id)


def _issued(
    call: Call, principal: Principal | ClientPrincipal, access: NewToken, now: datetime
) -> Event:
    return _record(EventType.TOKEN_ISSUED, call, principal, now, scopes=sorted(access.scopes))


def _record(
    kind: EventType,
    call: Call,
    principal: Principal | ClientPrincipal,
    now: datetime,
    outcome: Outcome = Outcome.SUCCESS,
    **details: str | int | list[str],
) -> Event:
    details |= {"client_id": principal.client_id, "grant_id": principal.grant_id}
    if isinstance(principal, Principal):
        return event(kind, principal.account_id, call, now, outcome, **details)
    actor = f"client:{principal.client_id}"
    return Event(kind, outcome, now, actor, details, call.source, call.correlation_id)


def _answer(new: list[NewToken], known: CodeFacts | None, now: datetime) -> Issued:
    access = new[0]
    refresh = next((one.token for one in new if one.kind is TokenKind.REFRESH), None)
    return Issued(
        access_token=access.token,
        token_type=access.token_type,
        # Rounded down: a client must not believe in a second that is not there.
        expires_in_s=int((access.expires_at - now).total_seconds()),
        scopes=access.scopes,
        refresh_token=refresh,
        credential_id=access.credential_id,
        signatures=known.request.signatures if known else None,
    )
