"""How long access and refresh tokens live, and which still count. (CSC v1 11.2; RFC 6749 1.5)"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from policies import errors
from policies.values import AccountState, GrantId, Principal

ACCESS_LIFETIME: Final = timedelta(hours=1)
"""CSC v1 11.2: ``expires_in`` defaults to 3600."""
REFRESH_LIFETIME: Final = timedelta(days=30)
"""Absolute: a refresh does not prolong it (ASVS 10.4.8)."""


class TokenKind(StrEnum):
    """What a token is good for."""

    ACCESS = "access"
    REFRESH = "refresh"


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """A token of the store, found by its digest."""

    kind: TokenKind
    principal: Principal
    account_state: AccountState
    expires_at: datetime
    revoked: bool
    """The token itself or its whole grant was revoked."""

    @property
    def grant_id(self) -> GrantId:
        """The grant the token belongs to."""
        return self.principal.grant_id


def bearer(facts: TokenFacts | None, now: datetime) -> Principal:
    """Who calls with this access token at ``now``.

    Raises:
        TokenUnknown: No such access token.
        TokenExpired: Over, revoked, or its account was suspended.
    """
    if facts is None or facts.kind is not TokenKind.ACCESS:
        raise errors.TokenUnknown("access token")
    return _alive(facts, now, errors.TokenExpired)


def refresh(facts: TokenFacts | None, now: datetime) -> Principal:
    """Whose grant this refresh token renews at ``now``.

    Raises:
        RefreshTokenInvalid: Unknown, over, revoked, or its account was suspended.
    """
    if facts is None or facts.kind is not TokenKind.REFRESH:
        raise errors.RefreshTokenInvalid("unknown")
    return _alive(facts, now, errors.RefreshTokenInvalid)


def revocable(facts: TokenFacts | None, principal: Principal) -> TokenFacts:
    """The token, if this principal may revoke it. (CSC v1 11.3)

    Raises:
        TokenToRevokeUnknown: No such token, or another account's.
    """
    if facts is None or facts.principal.account_id != principal.account_id:
        raise errors.TokenToRevokeUnknown("unknown or another account's")
    return facts


def _alive(facts: TokenFacts, now: datetime, dead: type[errors.Refused]) -> Principal:
    if facts.revoked or now >= facts.expires_at:
        raise dead("expired or revoked")
    if facts.account_state is not AccountState.ACTIVE:
        raise dead("account suspended")
    return facts.principal
