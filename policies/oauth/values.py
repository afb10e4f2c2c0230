"""The nouns of the authorization server: what was asked, what was answered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from policies.algorithms import HashAlgorithm
from policies.oauth.clients import GrantType
from policies.secret import AuthorizationCode, Token
from policies.tokens import Scope, TokenType
from policies.values import AccountId, ClientId, CredentialId, GrantId, SadId


@dataclass(frozen=True, slots=True)
class Document:
    """One hash to be signed."""

    digest: bytes
    label: str | None
    """The name that the client gave it: a stranger's text."""


@dataclass(frozen=True, slots=True)
class SignatureWish:
    """What scope ``credential`` asks for: these hashes, by this credential."""

    credential_id: CredentialId | None
    """``None``: the person chooses one that fits ``signature_qualifier``."""
    signature_qualifier: str | None
    documents: tuple[Document, ...]
    """In the client's order, at least one; one signature each."""
    hash_algorithm: HashAlgorithm
    description: str | None
    """What the client says about the transaction: a stranger's text."""
    details_type: str | None
    """The type of the authorization detail; ``None`` for plain parameters."""


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """An authorization request that was checked in full. (RFC 6749 4.1.1)"""

    version: int
    """1 or 2: whose rules it asked for (the base path)."""
    client_id: ClientId
    redirect_uri: str
    """Where the answer goes; registered."""
    redirect_uri_given: bool
    """False when the registered default was taken; decides whether the token request repeats
    it (RFC 6749 4.1.3)."""
    scopes: frozenset[Scope]
    state: str | None
    code_challenge: str | None
    """S256 challenge (RFC 7636 4.2)."""
    dpop_jkt: str | None
    """Key that the code is bound to (RFC 9449 10)."""
    account_id: AccountId | None
    """The account that an ``account_token`` names; nobody else may answer."""
    lang: str | None
    signatures: SignatureWish | None
    """Set exactly for scope ``credential``."""


class RequestState(StrEnum):
    """One authorization request in the store."""

    PUSHED = "pushed"
    """Waits for its one use of ``request_uri``."""
    OPEN = "open"
    """In front of a person."""
    GRANTED = "granted"
    DENIED = "denied"


@dataclass(frozen=True, slots=True)
class StoredRequest:
    """An authorization request as the store has it."""

    request_id: str
    request: AuthorizationRequest
    state: RequestState
    session_id: str | None
    """The browser session it belongs to; ``None`` while pushed."""
    expires_at: datetime
    """First instant at which it cannot be answered any more."""


@dataclass(frozen=True, slots=True)
class Consent:
    """What a person lets a client do, until it is withdrawn. (ASVS 10.7.2, 10.7.3)"""

    account_id: AccountId
    client_id: ClientId
    scopes: frozenset[Scope]
    given_at: datetime


@dataclass(frozen=True, slots=True)
class CodeFacts:
    """An authorization code of the store with its request."""

    request: AuthorizationRequest
    account_id: AccountId
    grant_id: GrantId
    """The grant that the code opens."""
    sad_id: SadId | None
    """The SAD that waits for its handle; set exactly for scope ``credential``."""
    credential_id: CredentialId | None
    sad_expires_at: datetime | None
    expires_at: datetime
    redeemed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRequest:
    """The parameters of the token endpoint, without the client's authentication."""

    grant_type: GrantType
    code: AuthorizationCode | None = None
    redirect_uri: str | None = None
    verifier: str | None = None
    refresh_token: Token | None = None
    scope: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """What the token endpoint gives."""

    access_token: Token
    token_type: TokenType
    expires_in_s: int
    scopes: frozenset[Scope]
    refresh_token: Token | None = None
    credential_id: CredentialId | None = None
    """Set exactly for scope ``credential``."""
    signatures: SignatureWish | None = None
    """What was approved; set exactly for scope ``credential``."""
