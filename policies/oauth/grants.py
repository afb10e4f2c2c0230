"""May this code, refresh token or client be exchanged for tokens? (RFC 6749 4.1.3, 4.4, 6)"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from policies import errors
from policies.oauth import pkce
from policies.oauth.clients import Client, GrantType, Profile
from policies.oauth.values import CodeFacts
from policies.tokens import WITHOUT_PERSON, Scope, TokenFacts, TokenKind, TokenType
from policies.values import AccountState, Principal

CODE_LIFETIME: Final = timedelta(seconds=60)
"""RFC 6749 4.1.2: at most 10 minutes; ASVS 10.4.3 and FAPI 2.0: 60 s."""


class CodeReplayed(errors.CodeInvalid):
    """The code was redeemed before: its grant has to die (RFC 6749 4.1.2)."""


class RefreshReplayed(errors.GrantRefreshInvalid):
    """The refresh token was exchanged before: its family has to die (RFC 9700 4.14.2)."""


def code(
    facts: CodeFacts | None,
    client: Client,
    redirect_uri: str | None,
    verifier: str | None,
    proved: str | None,
    now: datetime,
) -> CodeFacts:
    """The code, if this client may redeem it at ``now``.

    Args:
        proved: Thumbprint of the key of the request's DPoP proof, if any.

    Raises:
        CodeInvalid: Unknown, over, or another client's.
        CodeReplayed: Redeemed before, by whoever; told before anything else about it.
        RedirectUriDiffers: Not identical to the one of the authorization request.
        VerifierWrong: See ``pkce.verify``.
        ProofInvalid: The code is bound to another key (RFC 9449 10).
    """
    if facts is None or facts.request.client_id != client.client_id:
        raise errors.CodeInvalid("unknown or another client's")
    if facts.redeemed:
        raise CodeReplayed(facts.grant_id)
    if now >= facts.expires_at:
        raise errors.CodeInvalid("over")
    _same_redirect(facts, redirect_uri)
    pkce.verify(facts.request.code_challenge, verifier)
    if facts.request.dpop_jkt not in (None, proved):
        raise errors.ProofInvalid("the code is bound to another key")
    return facts


def refresh(
    facts: TokenFacts | None, client: Client, proved: str | None, now: datetime
) -> Principal:
    """Whose grant this refresh token renews at ``now``.

    Raises:
        GrantRefreshInvalid: Unknown, revoked, another client's, or its account was suspended.
        RefreshReplayed: Exchanged before.
        GrantRefreshExpired: Over.
        ProofInvalid: It is bound to another key (public clients, RFC 9449 5).
    """
    if (
        facts is None
        or facts.kind is not TokenKind.REFRESH
        or facts.principal.client_id != client.client_id
        or not isinstance(facts.principal, Principal)
    ):
        raise errors.GrantRefreshInvalid("unknown or another client's")
    if facts.rotated:
        raise RefreshReplayed(facts.grant_id)
    if facts.revoked or facts.account_state is not AccountState.ACTIVE:
        raise errors.GrantRefreshInvalid("revoked, or the account is suspended")
    if now >= facts.expires_at:
        raise errors.GrantRefreshExpired(facts.grant_id)
    if facts.principal.jkt not in (None, proved):
        raise errors.ProofInvalid("the refresh token is bound to another key")
    return facts.principal


def narrowed(granted: frozenset[Scope], scope: str | None) -> None:
    """Return when a refresh asks for what was granted, or does not say. (RFC 6749 6)

    Raises:
        ScopeInvalid: It asks for more, or for less, which is not offered.
    """
    if scope is not None and frozenset(scope.split(" ")) != granted:
        raise errors.ScopeInvalid("not what was granted")


def rotates(client: Client) -> bool:
    """True when a refresh token is exchanged for a new one at each use.

    RFC 9700 4.14.2 for public clients, here for all; FAPI 2.0 5.3.2.1 forbids it: there the
    client's key protects the token.
    """
    return client.profile is not Profile.FAPI2


def gets_refresh_token(client: Client, scopes: frozenset[Scope]) -> bool:
    """CSC v1 8.4.3: for the service only, never for signatures."""
    return GrantType.REFRESH_TOKEN in client.grant_types and Scope.CREDENTIAL not in scopes


def own_scopes(client: Client, scope: str | None) -> frozenset[Scope]:
    """The scopes of a ``client_credentials`` request.

    Default: ``service`` for a client with an account of its own, else ``registration``.

    Raises:
        ScopeInvalid: Unknown, not for this client, or not without a person.
    """
    default = Scope.SERVICE if client.account_id is not None else Scope.REGISTRATION
    try:
        wanted = Scope(scope or default)
    except ValueError as reason:
        raise errors.ScopeInvalid("unknown") from reason
    without_person = wanted in WITHOUT_PERSON
    with_account = wanted is Scope.SERVICE and client.account_id is not None
    if wanted not in client.scopes or not (without_person or with_account):
        raise errors.ScopeInvalid(f"{client.client_id}: {wanted}")
    return frozenset({wanted})


def token_type(version: int, scopes: frozenset[Scope], proved: str | None) -> TokenType:
    """How the access token is to be presented. (CSC v1 8.4.3, v2 8.4.3; RFC 9449 5)"""
    if version == 1 and Scope.CREDENTIAL in scopes:
        return TokenType.SAD
    return TokenType.BEARER if proved is None else TokenType.DPOP


def must_prove(client: Client, proved: str | None) -> None:
    """Return when the client proved a key, or need not.

    Raises:
        ProofInvalid: Its policy asks for DPoP and there was no proof.
    """
    if proved is None and (client.require_dpop or client.profile is Profile.FAPI2):
        raise errors.ProofInvalid("this client has to prove its key")


def _same_redirect(facts: CodeFacts, redirect_uri: str | None) -> None:
    """RFC 6749 4.1.3: identical when it was given, and not another one when it was not."""
    if redirect_uri is None and not facts.request.redirect_uri_given:
        return
    if redirect_uri != facts.request.redirect_uri:
        raise errors.RedirectUriDiffers(facts.grant_id)
