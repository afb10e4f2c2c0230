"""One database, whichever engine: reads on a snapshot, writes in durable groups.

Decides which engine a URL means, and tells the witnesses of the audit chain about each commit.
Rows, tables and rules are other files' business.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

import sqlalchemy as sa

from csc_server.ports import StorageUnavailable
from csc_server.storage import audit
from csc_server.storage.compiled import Statement
from csc_server.storage.groups import Groups
from csc_server.storage.sqlite import SqliteEngine
from csc_server.storage.units import NONE, Parameters, Row, Sql, Unit

T = TypeVar("T")


class Engine(Protocol):
    """Runs groups of units on one kind of database."""

    async def open(self) -> None:
        """Connect, or raise ``StorageUnavailable``."""

    async def close(self) -> None:
        """Give all connections back."""

    async def write(self, group: Sequence[Unit]) -> tuple[list[Any], audit.Head | None]:
        """Outcomes and new head, after a durable commit, or raise ``StorageUnavailable``."""

    async def read(self, unit: Unit) -> Any:
        """What the unit returns or raises, on a snapshot, or raise ``StorageUnavailable``."""

    async def row(self, statement: Statement, parameters: Parameters) -> Row | None:
        """The first row of one query, or raise ``StorageUnavailable``."""


class Database:
    """Where units of work are handed in."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._writes = Groups(self._write_group, lanes=1)
        self.witnesses: list[Callable[[audit.Head], None]] = []
        """Told the newest audit record after each commit, before anybody is answered."""

    async def open(self) -> None:
        """Connect.

        Raises:
            StorageUnavailable: The database does not answer.
        """
        await self._engine.open()

    async def read(self, unit: Callable[[Sql], T]) -> T:
        """What the unit returns, on a snapshot not older than this call.

        Raises:
            StorageUnavailable: The database does not answer.
        """
        result: T = await self._engine.read(unit)
        return result

    async def row(self, statement: Statement, parameters: Parameters = NONE) -> Row | None:
        """The first row of one query; a single statement is its own snapshot.

        Raises:
            StorageUnavailable: The database does not answer.
        """
        return await self._engine.row(statement, parameters)

    async def write(self, unit: Callable[[Sql], T]) -> T:
        """What the unit returns, after its changes and audit records are durable.

        Raises:
            StorageUnavailable: Whether the change was made is unknown.
            Exception: What the unit raised; then it changed nothing.
        """
        result: T = await self._writes.submit(unit)
        return result

    async def close(self) -> None:
        """Finish what was handed in, then disconnect."""
        await self._writes.close()
        await self._engine.close()

    async def _write_group(self, group: Sequence[Unit]) -> list[Any]:
        outcomes, head = await self._engine.write(group)
        if head is not None:
            try:
                for witness in self.witnesses:
                    witness(head)
            except OSError as error:
                # No answer without its witness, as without its audit record.
                raise StorageUnavailable(f"witness: {error}") from error
        return outcomes


def engine_for(url: str, node: str) -> Engine:
    """The engine for ``sqlite:///path`` or ``postgresql://user@host/name``.

    Raises:
        ValueError: Another kind of database.
    """
    parsed = sa.make_url(url)
    match parsed.get_backend_name():
        case "sqlite" if parsed.database:
            return SqliteEngine(parsed.database, node)
        case "postgresql":
            # The driver and the toolkit's greenlets are loaded only where they are used.
            from csc_server.storage.postgres import PostgresEngine

            return PostgresEngine(parsed, node)
    raise ValueError(f"not a database we know: {parsed.get_backend_name()}")
