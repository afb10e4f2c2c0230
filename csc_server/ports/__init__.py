"""What the operations need of the world: small protocols of verbs.

Stores write each change and its audit events in one durable transaction; when a method returns,
the change survives a power cut. Adapters: ``csc_server.storage``, ``csc_server.adapters``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from policies.audit import Event
from policies.authorize import AuthorizeFacts
from policies.pacing import Pace
from policies.secret import Password, Sad, Token
from policies.sign import Permit, SigningFacts
from policies.spray import FailedLogins
from policies.throttle import Throttle
from policies.tokens import SERVICE, Scope, TokenFacts, TokenKind, TokenType
from policies.values import (
    AccountId,
    AccountState,
    AuthenticatorId,
    Authorization,
    Credential,
    CredentialId,
    CredentialState,
    Factor,
    GrantId,
    OperationId,
    Principal,
    SadId,
    SealedTotp,
)


class StorageUnavailable(Exception):
    """The store cannot answer now; whether a change was made is unknown, nothing was answered."""


class SadAlreadyUsed(Exception):
    """Another request claimed the SAD or one of its hashes first."""


@dataclass(frozen=True, slots=True)
class Call:
    """The circumstances of one request, for the audit log."""

    source: str
    """Address of the caller."""
    correlation_id: str


@dataclass(frozen=True, slots=True)
class Account:
    """A person who may log in."""

    account_id: AccountId
    username: str
    password_hash: str
    """What is kept of the password: text that ``PasswordHasher`` made."""
    state: AccountState
    created_at: datetime


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token to be stored; only its digest is kept."""

    token: Token
    kind: TokenKind
    expires_at: datetime
    scopes: frozenset[Scope] = SERVICE
    token_type: TokenType = TokenType.BEARER
    credential_id: CredentialId | None = None
    """Set exactly for scope ``credential``."""
    sad_id: SadId | None = None
    """The SAD that the token is the handle of."""
    jkt: str | None = None
    """Thumbprint of the key that it is bound to."""


class Clock(Protocol):
    """Now. Read once per request."""

    def now(self) -> datetime:
        """Aware UTC."""


class Entropy(Protocol):
    """Random identifiers and tokens."""

    def identifier(self) -> str:
        """128 random bits, 32 hexadecimal digits."""

    def token(self) -> str:
        """256 random bits, base64url without padding."""


@dataclass(frozen=True, slots=True)
class PasswordMatch:
    """What came of a password."""

    right: bool
    renewed: str | None = None
    """Of a right one: what is to be kept from now on, when what is kept was made with an older key
    or by an older release."""


class PasswordHasher(Protocol):
    """argon2id, and a key of the HSM over what it makes.

    Every method raises ``Busy`` or ``Broken`` while the HSM cannot work.
    """

    async def hash(self, account_id: AccountId, password: Password) -> str:
        """What is to be kept of the account's new password."""

    async def verify(self, account: Account | None, password: Password) -> PasswordMatch:
        """Is it the account's password? No account costs the same work, and is never right."""


@dataclass(frozen=True, slots=True)
class LoginTry:
    """One try at a password, as the store counts it besides the account's own failures."""

    pace: Pace
    """Failures of its place."""
    of_all: Pace
    """Failures of all places together."""
    place: bytes
    name: bytes
    """Digests (``policies.spray``)."""
    most_names: int
    sprayed: Event
    """Written when this failure shows that the place tries many accounts; it is refused then."""
    flooded: Event
    """Written when this failure is one too many of all."""


class Paces(Protocol):
    """How often each subject did something lately, for all processes of the service together."""

    async def admit(self, pace: Pace, now: datetime) -> None:
        """Return while the subject may go on; nothing is counted. One read.

        Raises:
            RateLimited, ClientTooFast: Too often lately.
        """

    async def take(self, pace: Pace, now: datetime) -> None:
        """Let the subject go on once more, and count it.

        Raises:
            RateLimited, ClientTooFast: Too often lately; nothing is counted.
        """

    async def count(self, pace: Pace, now: datetime) -> None:
        """Count one more; nobody is refused."""

    async def used_up(self, pace: Pace, now: datetime) -> bool:
        """True when nothing can be taken; nothing is counted. One read."""

    async def forget(self, now: datetime) -> None:
        """Drop what has been as good as new for long."""


class LoginTries(Protocol):
    """Which names each place tried lately."""

    async def numbers(self, most_names: int, now: datetime) -> FailedLogins:
        """How the logins of all places are."""

    async def forget(self, now: datetime) -> None:
        """Drop what nobody asks about any more."""


class Accounts(Protocol):
    """People and their logins."""

    async def add(self, account: Account, events: Sequence[Event]) -> None:
        """Afterwards the account exists.

        Raises:
            NameTaken: Another account has this user name.
        """

    async def find(self, username: str) -> Account | None:
        """The account with exactly this user name."""

    async def all(self) -> list[Account]:
        """Every account, the oldest first."""

    async def set_state(
        self, account_id: AccountId, state: AccountState, events: Sequence[Event]
    ) -> None:
        """Afterwards the account is in this state."""

    async def renew_password(self, account: Account, renewed: str, events: Sequence[Event]) -> None:
        """Afterwards this is kept of the account's password, unless that was changed meanwhile."""

    async def login_throttle(self, subject: str) -> Throttle:
        """Failures of a login subject, ``login:ACCOUNT|NETWORK``; ``CLEAR`` if none."""

    async def login_failed(
        self, subject: str, now: datetime, events: Sequence[Event], tried: LoginTry | None = None
    ) -> Throttle:
        """Count a failure (``throttle.after_failure``, unless already blocked); the new state.

        Args:
            tried: Where it is counted besides.
        """

    async def unlock(self, account_id: AccountId, events: Sequence[Event]) -> None:
        """Clear every throttle of the account: logins, authenticators, PINs, codes it was sent."""


class NameTaken(Exception):
    """The user name belongs to another account."""


class Tokens(Protocol):
    """Grants, access tokens and refresh tokens, by digest."""

    async def open(
        self,
        principal: Principal,
        tokens: Sequence[NewToken],
        throttle_subject: str,
        now: datetime,
        events: Sequence[Event],
        tried: LoginTry | None = None,
    ) -> bool:
        """A new grant with its tokens; clears the login throttle.

        False when the throttle blocks at ``now``: a right password that arrives after too many
        wrong ones does not count. It is one more failure of its place then.

        Args:
            tried: Where it is counted besides.

        Raises:
            RateLimited: Failures from there came first.
        """

    async def renew(self, grant_id: GrantId, token: NewToken, events: Sequence[Event]) -> None:
        """A further access token of a grant."""

    async def find(self, digest: bytes) -> TokenFacts | None:
        """The token with this SHA-256."""

    async def revoke_token(self, digest: bytes, now: datetime, events: Sequence[Event]) -> None:
        """Afterwards this one token is dead, and the SAD that it is the handle of."""

    async def revoke_grant(self, grant_id: GrantId, now: datetime, events: Sequence[Event]) -> None:
        """Afterwards the grant, all its tokens and its open SADs are dead."""


class Credentials(Protocol):
    """Credentials and authenticators."""

    async def add_authenticator(
        self, sealed: SealedTotp, now: datetime, events: Sequence[Event]
    ) -> None:
        """Afterwards the account has this authenticator."""

    async def reseal(self, authenticator: SealedTotp, sealed: bytes) -> None:
        """Afterwards the same seed is kept under the new seal.

        Changes nothing when the authenticator has another seed by now.
        """

    async def authenticator_of(self, account_id: AccountId) -> SealedTotp | None:
        """The account's newest authenticator."""

    async def add(self, credential: Credential, now: datetime, events: Sequence[Event]) -> None:
        """Afterwards the credential exists."""

    async def find(self, credential_id: CredentialId) -> Credential | None:
        """The credential, whoever owns it."""

    async def of_account(self, account_id: AccountId) -> list[Credential]:
        """All credentials of an account, the oldest first."""

    async def set_state(
        self, credential_id: CredentialId, state: CredentialState, events: Sequence[Event]
    ) -> None:
        """Afterwards the key is enabled or disabled."""


@dataclass(frozen=True, slots=True)
class NewAuthorization:
    """A SAD to be stored."""

    sad: Sad
    """Its digest is stored, the handle itself never."""
    authorization: Authorization
    """State ``issued``, all occurrences ``authorized``."""
    otp_step: int | None
    """The time step to mark as used; ``None`` when no code was needed."""
    authenticator_id: AuthenticatorId | None
    code_id: str | None = None
    """The code by SMS to mark as used; ``None`` when none was needed."""


class Authorizations(Protocol):
    """SADs, the hashes they cover, and the factors' failures."""

    async def authorize_facts(self, credential_id: CredentialId) -> AuthorizeFacts:
        """Credential, authenticator and throttles, in one read."""

    async def issue(self, new: NewAuthorization, now: datetime, events: Sequence[Event]) -> None:
        """Store a SAD and mark its factors as used, in one transaction.

        The throttles are judged again inside the transaction, so that guesses sent in parallel
        count one after the other. Clears the throttles of the factors that were used.

        Raises:
            PinLocked, OtpLocked: The failures of others came first.
            OtpReplayed: The time step was used before (``policies.totp.judge``), or the code by
                SMS is not good any more.
        """

    async def factors_failed(
        self,
        credential: Credential,
        wrong: frozenset[Factor],
        now: datetime,
        events: Callable[[dict[Factor, Throttle]], Sequence[Event]],
        code_id: str | None = None,
    ) -> dict[Factor, Throttle]:
        """Count a failure of each wrong factor that is not already blocked.

        Args:
            code_id: The code by SMS that was guessed at; it has few tries of its own.
            events: Makes the audit events from the new state of each factor that was counted.
                Must not do anything else: it may be called twice.

        Returns:
            The state of each wrong factor before it was counted; a blocked one was not counted.
        """

    async def facts(self, sad: Sad, credential_id: CredentialId) -> SigningFacts:
        """The SAD with this handle and the credential with this id, in one read."""

    async def reserve(
        self,
        permit: Permit[Any],
        operation_id: OperationId,
        now: datetime,
        events: Sequence[Event],
        pace: Pace | None = None,
    ) -> None:
        """Claim the SAD and the permit's occurrences, durably.

        Args:
            pace: Where the client's signature is counted; ``None``: nowhere.

        Raises:
            ClientTooFast: The client signs too often; nothing was claimed.
            SadAlreadyUsed: The state has changed since the permit was given.
        """

    async def complete(
        self, permit: Permit[Any], operation_id: OperationId, events: Sequence[Event]
    ) -> None:
        """The signatures exist: occurrences consumed, the SAD used or spent."""

    async def release(
        self, permit: Permit[Any], operation_id: OperationId, events: Sequence[Event]
    ) -> None:
        """The HSM definitely refused: occurrences and SAD as before the reservation.

        Harmless when the reservation was never committed.
        """

    async def note(self, events: Sequence[Event]) -> None:
        """Write events that change nothing else."""

    async def extend(
        self,
        old: SadId,
        new: NewAuthorization,
        now: datetime,
        events: Sequence[Event],
    ) -> None:
        """Old SAD out, new SAD in; occurrences stay with the root.

        Raises:
            SadAlreadyUsed: The old SAD or one of the hashes was claimed meanwhile.
        """

    async def expire(self, now: datetime, limit: int) -> int:
        """Expire SADs whose time is over, at most ``limit``; how many. Writes ``sad.expired``.

        Occurrences of a root follow when its newest SAD is over: ``authorized`` becomes
        ``expired``, ``reserved`` becomes ``burned``.
        """
