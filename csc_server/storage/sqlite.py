"""SQLite: a writing connection whose thread does nothing but wait, and a reading one without.

Statements touch few rows by key and run on the event loop: waking a thread costs more than they
do, and two threads that both run Python hold each other up (ADR 6). What waits for the disk or
for another process has a thread: the commit of a whole group costs one hop. WAL keeps readers
and the writer out of each other's way; ``synchronous=FULL`` makes every commit survive a power
cut. Several processes may share the file: ``BEGIN IMMEDIATE`` lets them write one after the
other.
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
_BEGIN: Final = "BEGIN IMMEDIATE"
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


class WritingConnection(aiosqlite.Connection):
    """A connection whose thread waits for locks and for the disk, and for nothing else.

    Thread and event loop take turns on it: whoever awaits the thread leaves it alone meanwhile.
    """

    @property
    def plain(self) -> sqlite3.Connection:
        """The connection, for statements that wait for nothing."""
        return self._conn

    async def begin(self) -> None:
        """Take the write lock, here when it is free, on the thread when another process has it."""
        try:
            self.plain.execute(_BEGIN)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
            await self.run(_begin_in_turn)

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
        self._writer: WritingConnection | None = None
        self._reader: sqlite3.Connection | None = None

    async def open(self) -> None:
        """Open both connections.

        Raises:
            StorageUnavailable: There is no such file, or it cannot be opened.
        """
        try:
            self._writer = WritingConnection(lambda: connect(self._path), 0)
            await self._writer
            await self._writer.run(_never_wait)
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
        """One durable transaction for the group; see ``units.perform``.

        The statements run here and now; only what may wait, another process's transaction and
        the disk, is left to the thread.
        """
        if self._writer is None:
            raise StorageUnavailable("closed")
        try:
            await self._writer.begin()
            result = units.perform(self._sql(self._writer.plain), group)
            await self._writer.run(_commit)
        except (Interrupted, sqlite3.Error) as error:
            await self._writer.run(_roll_back)
            raise StorageUnavailable(str(error)) from error
        except BaseException:
            await self._writer.run(_roll_back)
            raise
        return result

    async def read(self, unit: Unit) -> Any:
        """What the unit returns, on a snapshot. Runs here and now."""
        if self._reader is None:
            raise StorageUnavailable("closed")
        try:
            [outcome] = units.snapshot(self._sql(self._reader), [unit], "BEGIN")
        except (Interrupted, sqlite3.Error) as error:
            raise StorageUnavailable(str(error)) from error
        finally:
            _roll_back(self._reader)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def row(self, statement: Statement, parameters: Parameters) -> Row | None:
        """The first row of one query, here and now, without a transaction around it."""
        if self._reader is None:
            raise StorageUnavailable("closed")
        try:
            return self._sql(self._reader).one(statement, parameters)
        except (Interrupted, sqlite3.Error) as error:
            raise StorageUnavailable(str(error)) from error

    def _sql(self, plain: sqlite3.Connection) -> SqliteSql:
        return SqliteSql(plain, self._compiler, self._node)


def _begin_in_turn(plain: sqlite3.Connection) -> None:
    plain.execute(f"PRAGMA busy_timeout={int(BUSY_S * 1000)}")
    try:
        plain.execute(_BEGIN)
    finally:
        _never_wait(plain)


def _never_wait(plain: sqlite3.Connection) -> None:
    plain.execute("PRAGMA busy_timeout=0")


def _commit(plain: sqlite3.Connection) -> None:
    plain.execute("COMMIT")


def _roll_back(plain: sqlite3.Connection) -> None:
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
