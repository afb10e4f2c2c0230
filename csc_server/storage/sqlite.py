"""SQLite: a writing connection with a thread of its own, and a reading one without.

A whole group of writes runs as one function on the writer's thread, so it costs one hop however
many units it holds. Reads are few rows by key and run where they are asked: waking a thread
costs more than reading (ADR 6). WAL keeps readers and the writer out of each other's way;
``synchronous=FULL`` makes every commit survive a power cut. Several processes may share the
file: ``BEGIN IMMEDIATE`` lets them write one after the other.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

import aiosqlite
from sqlalchemy.dialects.sqlite.pysqlite import dialect as sqlite_dialect

from csc_server.ports import StorageUnavailable
from csc_server.storage import audit, units
from csc_server.storage.compiled import Compiler, Statement, merged
from csc_server.storage.units import NONE, ConstraintBroken, Interrupted, Parameters, Row, Sql, Unit

T = TypeVar("T")

BUSY_S: Final = 5.0
"""How long a process waits for another one's transaction."""
STATEMENTS: Final = 256
"""Prepared statements kept per connection; more than we have."""
_DURABLE: Final = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
)
_READ_ONLY: Final = ("PRAGMA query_only=ON",)


class SqliteSql(Sql):
    """Statements on a plain sqlite3 connection."""

    def __init__(self, connection: sqlite3.Connection, compiler: Compiler, node: str) -> None:
        super().__init__(node)
        self._connection = connection
        self._compiler = compiler

    def rows(self, statement: Statement, parameters: Parameters = NONE) -> Sequence[Row]:
        text, _, fixed = self._compiler(statement)
        return self._execute(text, merged(fixed, parameters)).fetchall()

    def change(self, statement: Statement, parameters: Parameters = NONE) -> int:
        text, _, fixed = self._compiler(statement)
        changed = self._execute(text, merged(fixed, parameters)).rowcount
        self.changes += changed
        return changed

    def change_many(self, statement: Statement, parameters: Sequence[Parameters]) -> None:
        text, _, fixed = self._compiler(statement)
        self.changes += 1
        try:
            self._connection.executemany(text, [merged(fixed, one) for one in parameters])
        except sqlite3.Error as error:
            raise _translated(error) from error

    def control(self, text: str) -> None:
        self._execute(text, NONE)

    def _execute(self, text: str, parameters: Parameters) -> sqlite3.Cursor:
        try:
            return self._connection.execute(text, parameters)
        except sqlite3.Error as error:
            raise _translated(error) from error


def _translated(error: sqlite3.Error) -> Exception:
    if isinstance(error, sqlite3.IntegrityError | sqlite3.DataError):
        return ConstraintBroken(str(error))
    return Interrupted(str(error))


class GroupConnection(aiosqlite.Connection):
    """A connection that runs whole functions on its thread."""

    async def run(self, function: Callable[[sqlite3.Connection], T]) -> T:
        """What ``function`` returns; it has the connection to itself meanwhile."""
        result: T = await self._execute(function, self._conn)  # type: ignore[no-untyped-call]  # theirs
        return result


class SqliteEngine:
    """Runs groups of units on one SQLite file."""

    def __init__(self, path: str, node: str) -> None:
        self._path = path
        self._node = node
        self._compiler = Compiler(sqlite_dialect(paramstyle="named"))
        self._writer: GroupConnection | None = None
        self._reader: sqlite3.Connection | None = None

    async def open(self) -> None:
        """Open both connections.

        Raises:
            StorageUnavailable: There is no such file, or it cannot be opened.
        """
        try:
            self._writer = GroupConnection(lambda: connect(self._path), 0)
            await self._writer
            self._reader = connect(self._path, read_only=True)
        except sqlite3.Error as error:
            await self.close()
            raise StorageUnavailable(f"{self._path}: {error}") from error

    async def close(self) -> None:
        """Close what is open."""
        reader, writer = self._reader, self._writer
        self._reader = self._writer = None
        if reader is not None:
            reader.close()
        if writer is not None:
            await writer.close()

    async def write(self, group: Sequence[Unit]) -> tuple[list[Any], audit.Head | None]:
        """One durable transaction for the group; see ``units.commit``."""
        if self._writer is None:
            raise StorageUnavailable("closed")
        try:
            return await self._writer.run(
                lambda plain: self._on(
                    plain, lambda sql: units.commit(sql, group, "BEGIN IMMEDIATE")
                )
            )
        except (Interrupted, sqlite3.Error) as error:
            raise StorageUnavailable(str(error)) from error

    async def read(self, unit: Unit) -> Any:
        """What the unit returns, on a snapshot. Runs here and now."""
        if self._reader is None:
            raise StorageUnavailable("closed")
        try:
            [outcome] = self._on(self._reader, lambda sql: units.snapshot(sql, [unit], "BEGIN"))
        except (Interrupted, sqlite3.Error) as error:
            raise StorageUnavailable(str(error)) from error
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def row(self, statement: Statement, parameters: Parameters) -> Row | None:
        """The first row of one query, here and now, without a transaction around it."""
        if self._reader is None:
            raise StorageUnavailable("closed")
        try:
            return SqliteSql(self._reader, self._compiler, self._node).one(statement, parameters)
        except (Interrupted, sqlite3.Error) as error:
            raise StorageUnavailable(str(error)) from error

    def _on(self, plain: sqlite3.Connection, work: Callable[[Sql], T]) -> T:
        try:
            return work(SqliteSql(plain, self._compiler, self._node))
        finally:
            if plain.in_transaction:
                plain.rollback()


def connect(path: str, *, read_only: bool = False) -> sqlite3.Connection:
    """A connection to an existing file, with transactions in our own hands."""
    if not os.path.exists(path):
        raise sqlite3.OperationalError("no such database; it has to be migrated first")
    connection = sqlite3.connect(
        path,
        timeout=BUSY_S,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=STATEMENTS,
    )
    for pragma in _DURABLE + (_READ_ONLY if read_only else ()):
        connection.execute(pragma)
    return connection
