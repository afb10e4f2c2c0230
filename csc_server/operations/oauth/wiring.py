"""The authorization server's verbs over its edges."""

from __future__ import annotations

from dataclasses import dataclass

from csc_server.operations.authorize import Authorize
from csc_server.operations.oauth.approve import (
    AllowAuthorization,
    ApproveSignatures,
    PeekAuthorization,
    Pending,
    RefuseAuthorization,
    ViewAuthorization,
)
from csc_server.operations.oauth.begin import (
    BeginAuthorization,
    CheckRequest,
    PushAuthorizationRequest,
)
from csc_server.operations.oauth.clients import AuthenticateClient, CheckProof
from csc_server.operations.oauth.exchange import ExchangeToken
from csc_server.operations.oauth.purge import PurgeRequests
from csc_server.operations.oauth.revoke import RevokeToken
from csc_server.ports import Accounts, Clock, Credentials, Entropy, Paces, Tokens
from csc_server.ports.oauth import Clients, Grants, Jwts, Replays, Requests


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthEdges:
    """What the authorization server needs of the world."""

    accounts: Accounts
    clients: Clients
    clock: Clock
    credentials: Credentials
    entropy: Entropy
    grants: Grants
    jwts: Jwts
    paces: Paces
    replays: Replays
    requests: Requests
    tokens: Tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuth:
    """Every verb of the authorization server."""

    push: PushAuthorizationRequest
    begin: BeginAuthorization
    exchange: ExchangeToken
    revoke: RevokeToken
    peek: PeekAuthorization
    view: ViewAuthorization
    allow: AllowAuthorization
    approve: ApproveSignatures
    refuse: RefuseAuthorization
    purge: PurgeRequests


def build(edges: OAuthEdges, authorize: Authorize, issuer: str) -> OAuth:
    """The verbs.

    Args:
        authorize: Checks factors and mints SADs, as for ``credentials/authorize``.
        issuer: Our public URL, without a trailing slash.
    """
    proof = CheckProof(edges.jwts, edges.replays)
    authenticate = AuthenticateClient(
        clients=edges.clients,
        jwts=edges.jwts,
        replays=edges.replays,
        paces=edges.paces,
        issuer=issuer,
    )
    check = CheckRequest(
        accounts=edges.accounts, jwts=edges.jwts, replays=edges.replays, issuer=issuer
    )
    pending = Pending(edges.clients, edges.requests, edges.clock)
    return OAuth(
        push=PushAuthorizationRequest(
            authenticate=authenticate,
            check=check,
            proof=proof,
            requests=edges.requests,
            paces=edges.paces,
            clock=edges.clock,
            entropy=edges.entropy,
        ),
        begin=BeginAuthorization(
            clients=edges.clients,
            check=check,
            requests=edges.requests,
            paces=edges.paces,
            clock=edges.clock,
            entropy=edges.entropy,
        ),
        exchange=ExchangeToken(
            authenticate=authenticate,
            proof=proof,
            grants=edges.grants,
            tokens=edges.tokens,
            paces=edges.paces,
            clock=edges.clock,
            entropy=edges.entropy,
        ),
        revoke=RevokeToken(authenticate=authenticate, tokens=edges.tokens, clock=edges.clock),
        peek=PeekAuthorization(pending),
        view=ViewAuthorization(pending, edges.credentials),
        allow=AllowAuthorization(pending=pending, entropy=edges.entropy, issuer=issuer),
        approve=ApproveSignatures(
            pending=pending, authorize=authorize, entropy=edges.entropy, issuer=issuer
        ),
        refuse=RefuseAuthorization(pending, issuer),
        purge=PurgeRequests(edges.requests, edges.clock),
    )
