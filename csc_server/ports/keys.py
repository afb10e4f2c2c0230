"""How signers' keys end: tombstones in the database, and in a file beside it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from csc_server.ports.messages import NewMessage
from policies.audit import Event
from policies.key_ends import DyingKey, Tombstone


class Tombstones(Protocol):
    """Every key that was destroyed, or is about to be."""

    async def due(self, now: datetime, limit: int) -> list[DyingKey]:
        """Keys whose time is over and that nobody buried yet, at most so many."""

    async def bury(
        self,
        key: DyingKey,
        tombstone: Tombstone,
        events: Sequence[Event],
        mails: Sequence[NewMessage] = (),
    ) -> None:
        """Afterwards the key is disabled for good, its blob gone, its open SADs dead.

        Changes nothing when another process was faster.
        """

    async def doomed(self, limit: int) -> list[Tombstone]:
        """Of keys that the device has not destroyed yet, the oldest first, at most so many."""

    async def destroyed(self, key_id: bytes, now: datetime, events: Sequence[Event]) -> None:
        """Afterwards the key counts as destroyed. Changes nothing the second time."""

    async def after(self, position: int, limit: int) -> list[tuple[int, Tombstone]]:
        """Tombstones with their positions, those after this one, in order, at most so many."""

    async def restore(self, lost: Sequence[Tombstone], events: Sequence[Event]) -> int:
        """Put back tombstones that the database does not know; how many those were.

        Afterwards their keys are as ``bury`` leaves them, and the device is asked again.
        """


class TombstoneFile(Protocol):
    """The same outside the database: it stays when an old database is put back."""

    def read(self) -> list[Tombstone]:
        """All of them.

        Raises:
            TombstonesUnreadable: The file holds something else. Nothing may be signed then.
        """

    def add(self, tombstones: Sequence[Tombstone]) -> None:
        """Afterwards these are in the file, durably, once each."""


class TombstonesUnreadable(Exception):
    """The file of tombstones was damaged."""
