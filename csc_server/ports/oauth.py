"""What the authorization server needs of the world: clients, requests, codes, proofs.

As in ``csc_server.ports``: each change is one durable transaction with its audit events, and
what may happen once is claimed by a conditional change. Secrets come in, digests are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from csc_server.ports import NewAuthorization, NewToken
from policies.audit import Event
from policies.oauth.clients import Client
from policies.oauth.values import CodeFacts, Consent, StoredRequest
from policies.secret import AuthorizationCode, RequestUri
from policies.values import AccountId, ClientId, ClientPrincipal, GrantId, Principal


class ClientTaken(Exception):
    """A client with this id exists."""


class Clients(Protocol):
    """The registered clients."""

    async def find(self, client_id: str) -> Client | None:
        """The client with exactly this id."""

    async def all(self) -> list[Client]:
        """Every client, by id."""


class ClientRegister(Clients, Protocol):
    """The registered clients, to be changed by an operator."""

    async def add(self, client: Client, now: datetime, events: Sequence[Event]) -> None:
        """Afterwards the client is registered.

        Raises:
            ClientTaken: The id is in use.
        """

    async def remove(self, client_id: ClientId, now: datetime, events: Sequence[Event]) -> bool:
        """Afterwards the client is gone, its grants, tokens and SADs are dead.

        False, and nothing changed: no such client, or the file of clients rules it.
        """

    async def load(
        self, clients: Sequence[Client], now: datetime, events: Callable[[Client, bool], Event]
    ) -> None:
        """Afterwards the clients of the file are exactly these; what is as before is not touched.

        Args:
            events: Makes the event of a client that was added or changed (True) or removed
                (False). Must not do anything else: it may be called twice.

        Raises:
            ClientTaken: One of them was registered by an operator.
        """


@dataclass(frozen=True, slots=True)
class NewCode:
    """An authorization code to be stored; only its digest is kept."""

    code: AuthorizationCode
    principal: Principal
    """The account, the client and the grant that the code opens."""
    expires_at: datetime


class Requests(Protocol):
    """Authorization requests, from the first sight to the answer."""

    async def push(self, stored: StoredRequest, uri: RequestUri) -> None:
        """Keep a pushed request until it is used or over."""

    async def open(self, stored: StoredRequest) -> None:
        """Keep a request that a browser brought."""

    async def is_pushed(self, uri: RequestUri, client_id: ClientId, now: datetime) -> bool:
        """Could ``open_pushed`` use this ``request_uri`` now?"""

    async def open_pushed(
        self, uri: RequestUri, client_id: ClientId, session_id: str, now: datetime
    ) -> StoredRequest | None:
        """Use a ``request_uri``, once, for this browser session.

        ``None``, and nothing changed: unknown, used, over, or pushed by another client.
        """

    async def find(self, request_id: str) -> StoredRequest | None:
        """The request."""

    async def grant(
        self,
        request_id: str,
        code: NewCode,
        consent: Consent,
        now: datetime,
        events: Sequence[Event],
    ) -> None:
        """The person allowed: the request is answered, the consent recorded, the code kept.

        Raises:
            AuthorizationRequestGone: It was answered, or is over.
        """

    async def approve(
        self,
        request_id: str,
        code: NewCode,
        new: NewAuthorization,
        now: datetime,
        events: Sequence[Event],
    ) -> None:
        """The person approved signatures: as ``grant``, with ``Authorizations.issue`` inside.

        Raises:
            AuthorizationRequestGone: It was answered, or is over.
            PinLocked, OtpLocked, OtpReplayed: See ``Authorizations.issue``.
        """

    async def deny(self, request_id: str, now: datetime, events: Sequence[Event]) -> None:
        """The person refused.

        Raises:
            AuthorizationRequestGone: It was answered, or is over.
        """

    async def consent(self, account_id: AccountId, client_id: ClientId) -> Consent | None:
        """What the account lets the client do; ``ports.api.Applications`` lists and withdraws."""

    async def purge(self, now: datetime, limit: int) -> int:
        """Remove requests, codes and replayed ids that are over, at most so many; how many."""


class Grants(Protocol):
    """From codes, refresh tokens and clients to tokens."""

    async def code(self, code: AuthorizationCode) -> CodeFacts | None:
        """The code with its request."""

    async def redeem(
        self,
        code: AuthorizationCode,
        principal: Principal,
        tokens: Sequence[NewToken],
        now: datetime,
        events: Sequence[Event],
    ) -> bool:
        """Use the code, once: the grant with its tokens exists.

        A token that names a SAD becomes the handle of this SAD, which gets the principal's key.
        False, and nothing changed: the code was used before, or is over.

        Raises:
            CodeInvalid: The SAD is over, or revoked.
        """

    async def open(
        self,
        principal: Principal | ClientPrincipal,
        token: NewToken,
        now: datetime,
        events: Sequence[Event],
    ) -> None:
        """A grant of ``client_credentials``, for the client itself or its own account."""

    async def rotate(
        self,
        old: bytes,
        grant_id: GrantId,
        tokens: Sequence[NewToken],
        now: datetime,
        events: Sequence[Event],
    ) -> bool:
        """The refresh token of digest ``old`` goes, once, and these come.

        False, and nothing changed: it went before.
        """


class Replays(Protocol):
    """Identifiers of one-time proofs that were seen."""

    async def first(self, kind: str, owner: str, jti: str, until: datetime) -> bool:
        """True when nobody used this id before; it is remembered until ``until``."""


@dataclass(frozen=True, slots=True)
class VerifiedJwt:
    """A JWT whose signature holds."""

    header: Mapping[str, Any]
    claims: Mapping[str, Any]
    jkt: str | None = None
    """SHA-256 thumbprint (RFC 7638) of the key in the header; only for proofs."""


class JwtInvalid(Exception):
    """No JWT, a wrong signature, or an algorithm or key that is not taken."""


class Jwts(Protocol):
    """Signatures of JWTs. What is in them is for the rules."""

    def proof(self, text: str) -> VerifiedJwt:
        """Signed by the key in its own header (RFC 9449 4.2).

        Raises:
            JwtInvalid: It is not.
        """

    def assertion(self, text: str, jwks: str) -> VerifiedJwt:
        """Signed by a key of this JWK set (RFC 7523).

        Raises:
            JwtInvalid: It is not.
        """

    def account_token(self, text: str, key: bytes) -> VerifiedJwt:
        """HMAC-SHA-256 under this key (CSC v1 8.4.1).

        Raises:
            JwtInvalid: It is not.
        """
