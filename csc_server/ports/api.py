"""What the registration API and the account API need beside people, sessions and consents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from policies.audit import Event
from policies.history import Entry, Place
from policies.idempotency import Kept
from policies.oauth.values import Consent
from policies.transactions import Balance
from policies.values import AccountId, ClientId, Credential, CredentialId


@dataclass(frozen=True, slots=True)
class Credit:
    """Transactions that an account got."""

    source: str
    """Who says so: ``client:ID`` or ``operator:NAME``."""
    reference: str
    """The order or reason; with ``source`` it names the credit, so that none counts twice."""
    account_id: AccountId
    transactions: int
    """At least 1."""


@dataclass(frozen=True, slots=True)
class Application:
    """A client that a person has allowed."""

    consent: Consent
    name: str
    """As registered; the identifier of a client that is gone."""
    host: str
    """Domain shown beside the name; may be empty."""


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """Some of an account's history."""

    entries: Sequence[Entry]
    credentials: Mapping[CredentialId, Credential]
    """All of the account: their certificates are told beside what they signed."""
    more: bool
    """Another page follows the last entry."""


class Applications(Protocol):
    """The clients that people let in."""

    async def of_account(self, account_id: AccountId) -> list[Application]:
        """Every application whose consent counts, the newest first."""

    async def withdraw(
        self, account_id: AccountId, client_id: ClientId, now: datetime, events: Sequence[Event]
    ) -> bool:
        """Afterwards the consent, and all grants, tokens and SADs under it, are dead.

        False, and nothing changed: there is none.
        """


class Ledger(Protocol):
    """Credits, and what is left of them."""

    async def add(self, credit: Credit, now: datetime, events: Sequence[Event]) -> None:
        """Afterwards the account has the credit; a second time nothing changes.

        Raises:
            CreditDiffers: The reference names another credit already.
        """

    async def balance(self, account_id: AccountId) -> Balance:
        """Where the account stands."""


class History(Protocol):
    """What the keys of an account were used for."""

    async def page(self, account_id: AccountId, after: Place | None, most: int) -> list[Entry]:
        """At most so many entries, the newest approval first, those after ``after``."""


class Idempotency(Protocol):
    """Keys of requests, and the answers they got."""

    async def claim(self, key: bytes, request_digest: bytes, now: datetime) -> Kept | None:
        """Claim the key, if it is free (``policies.idempotency.is_free``), and answer ``None``.

        Else what is known of it; nothing is changed then.
        """

    async def keep(self, key: bytes, status: int, body: bytes) -> None:
        """The answer of a claimed key."""

    async def drop(self, key: bytes) -> None:
        """The request was refused: the key is free again."""
