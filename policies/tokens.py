"""How long access and refresh tokens live, which still count, and for what.

(CSC v1 11.2; RFC 6749 1.5, 6; RFC 9449 7; RFC 9700 4.14)
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from policies import errors
from policies.secret import Token
from policies.values import (
    AccountState,
    ClientId,
    ClientPrincipal,
    CredentialId,
    GrantId,
    Principal,
)

ACCESS_LIFETIME: Final = timedelta(hours=1)
"""CSC v1 11.2: ``expires_in`` defaults to 3600."""
REFRESH_LIFETIME: Final = timedelta(days=30)
"""Absolute: a refresh does not prolong it (ASVS 10.4.8)."""


DIRECT: Final = ClientId("basic")
"""The client of every token of auth/login: with Basic no client names itself (CSC v1 8.2)."""


class TokenKind(StrEnum):
    """What a token is good for."""

    ACCESS = "access"
    REFRESH = "refresh"


class TokenType(StrEnum):
    """How an access token is presented: ``token_type`` of a token response."""

    BEARER = "Bearer"
    DPOP = "DPoP"
    SAD = "SAD"  # As parameter ``SAD`` of signHash and nowhere else (CSC v1 8.4.3).


class Scope(StrEnum):
    """What an access token opens."""

    SERVICE = "service"
    """The CSC methods (CSC v1 8.4)."""
    CREDENTIAL = "credential"
    """The signatures that were approved, and nothing else (CSC v1 8.4)."""
    ACCOUNT = "account"
    """The person's profile, sessions, grants and history (journeys J1.5)."""
    REGISTRATION = "registration"
    """The registration API; for a client in its own name."""
    REVOCATION = "revocation"
    """What ends certificates there; apart, because who orders them need not end them."""


WITHOUT_PERSON: Final = frozenset({Scope.REGISTRATION, Scope.REVOCATION})
"""For clients in their own name."""
SERVICE: Final = frozenset({Scope.SERVICE})


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """A token of the store, found by its digest."""

    kind: TokenKind
    principal: Principal | ClientPrincipal
    account_state: AccountState | None
    """``None`` exactly when no account is behind the token."""
    expires_at: datetime
    revoked: bool
    """The token itself or its whole grant was revoked."""
    scopes: frozenset[Scope] = SERVICE
    token_type: TokenType = TokenType.BEARER
    credential_id: CredentialId | None = None
    """Set exactly for scope ``credential``."""
    rotated: bool = False
    """A refresh token that was exchanged for its successor."""

    @property
    def grant_id(self) -> GrantId:
        """The grant the token belongs to."""
        return self.principal.grant_id


@dataclass(frozen=True, slots=True)
class Access:
    """What an access token that counts lets its bearer do."""

    principal: Principal | ClientPrincipal
    scopes: frozenset[Scope]
    credential_id: CredentialId | None
    token: Token
    """The token itself: of scope ``credential`` it is the handle of its SAD."""


def bearer(
    facts: TokenFacts | None, now: datetime, token: Token, proved: str | None = None
) -> Access:
    """What this access token opens at ``now``.

    Args:
        facts: The token in the store.
        token: The token as it was presented.
        proved: Thumbprint of the key of the DPoP proof; ``None`` for ``Authorization: Bearer``.

    Raises:
        TokenUnknown: No such access token, or it is one for the parameter ``SAD``.
        TokenBoundToKey: It is bound to a key, and another one or none was proved; or a proof
            came with a token that is not bound (RFC 9449 7.1, 7.2).
        TokenExpired: Over, revoked, or its account was suspended.
    """
    if facts is None or facts.kind is not TokenKind.ACCESS or facts.token_type is TokenType.SAD:
        raise errors.TokenUnknown("access token")
    if facts.principal.jkt != proved:
        raise errors.TokenBoundToKey(facts.grant_id)
    _alive(facts, now, errors.TokenExpired)
    return Access(facts.principal, facts.scopes, facts.credential_id, token)


def person(access: Access, scope: Scope) -> Principal:
    """The account behind a token of this scope.

    Raises:
        ScopeInsufficient: The token is for something else, or for no account.
    """
    if scope not in access.scopes or not isinstance(access.principal, Principal):
        raise errors.ScopeInsufficient(scope)
    return access.principal


def client(access: Access, scope: Scope) -> ClientPrincipal:
    """The client that acts in its own name with a token of this scope.

    Raises:
        ScopeInsufficient: The token is for something else, or for a person.
    """
    if scope not in access.scopes or not isinstance(access.principal, ClientPrincipal):
        raise errors.ScopeInsufficient(scope)
    return access.principal


def for_credential(access: Access, credential_id: CredentialId) -> Principal:
    """The account behind a token that opens this credential. (CSC v2 8.4.1)

    A token of scope ``credential`` counts as service authorisation for its own credential.

    Raises:
        ScopeInsufficient: Of scope ``credential`` for another credential, or of neither scope.
    """
    if Scope.CREDENTIAL not in access.scopes:
        return person(access, Scope.SERVICE)
    if access.credential_id != credential_id:
        raise errors.ScopeInsufficient("another credential")
    return person(access, Scope.CREDENTIAL)


def refresh(facts: TokenFacts | None, now: datetime) -> Principal:
    """Whose login this refresh token of auth/login renews at ``now``.

    Raises:
        RefreshTokenInvalid: Unknown, over, revoked, or its account was suspended; or it is a
            registered client's, which has to show at oauth2/token who it is.
    """
    if facts is None or facts.kind is not TokenKind.REFRESH:
        raise errors.RefreshTokenInvalid("unknown")
    if facts.principal.client_id != DIRECT:
        raise errors.RefreshTokenInvalid("not of auth/login")
    _alive(facts, now, errors.RefreshTokenInvalid)
    if not isinstance(facts.principal, Principal):
        raise errors.RefreshTokenInvalid("of no account")
    return facts.principal


def revocable(facts: TokenFacts | None, principal: Principal) -> TokenFacts:
    """The token, if this principal may revoke it with auth/revoke. (CSC v1 11.3)

    Raises:
        TokenToRevokeUnknown: No such token, or another account's.
    """
    if (
        facts is None
        or not isinstance(facts.principal, Principal)
        or facts.principal.account_id != principal.account_id
    ):
        raise errors.TokenToRevokeUnknown("unknown or another account's")
    return facts


def _alive(facts: TokenFacts, now: datetime, dead: type[errors.Refused]) -> None:
    if facts.revoked or now >= facts.expires_at:
        raise dead("expired or revoked")
    if facts.account_state not in (AccountState.ACTIVE, None):
        raise dead("account suspended")
