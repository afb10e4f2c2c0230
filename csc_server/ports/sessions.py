"""Browser sessions: what operations and pages need of their store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from policies.audit import Event
from policies.secret import Secret
from policies.sessions import End, Session, SessionId
from policies.values import AccountId


class SessionKey(Secret):
    """The cookie's value: 256 random bits, base64url. Its digest finds the session."""

    __slots__ = ()


class Sessions(Protocol):
    """Sessions by the digest of their cookie."""

    async def open(self, session: Session, events: Sequence[Event]) -> None:
        """Afterwards the session exists."""

    async def find(self, digest: bytes) -> Session | None:
        """The session with this digest, also when it is over."""

    async def touch(self, session_id: SessionId, now: datetime) -> None:
        """Afterwards the session counts as used at ``now``, unless it was ended."""

    async def keep(self, session_id: SessionId, data: Mapping[str, str]) -> None:
        """Afterwards the session holds exactly this data."""

    async def replace(self, old: bytes, new: Session, events: Sequence[Event]) -> bool:
        """The session of digest ``old`` becomes ``new``; the old cookie is dead.

        False, and nothing changed, when another request replaced or ended it first.
        """

    async def end(
        self, session_id: SessionId, reason: End, now: datetime, events: Sequence[Event]
    ) -> None:
        """Afterwards the session is over; the first reason counts."""

    async def of_account(self, account_id: AccountId, now: datetime) -> list[Session]:
        """The signed-in sessions that still count, the one used last first."""

    async def end_others(
        self, account_id: AccountId, but: bytes, now: datetime, events: Sequence[Event]
    ) -> None:
        """Afterwards only the session of digest ``but`` is open."""

    async def purge(self, now: datetime) -> int:
        """Remove sessions that were over for long; how many."""
