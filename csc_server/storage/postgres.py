"""PostgreSQL: pools by the SQL toolkit, statements by the driver.

A group runs inside ``run_sync``, so that the same plain functions work as on SQLite; statements
go to asyncpg as text, for the toolkit's own execution costs more than the round trip. The lock
on the audit chain's head makes writing groups of all processes queue, so they cannot deadlock.
A broken connection is thrown away with its group, and the next group gets a new one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, TypeVar

import asyncpg
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.util import await_only

from csc_server.ports import StorageUnavailable
from csc_server.storage import audit, units
from csc_server.storage.compiled import Compiler, Statement, merged
from csc_server.storage.groups import Groups
from csc_server.storage.units import NONE, ConstraintBroken, Interrupted, Parameters, Row, Sql, Unit

T = TypeVar("T")

READ_LANES: Final = 2
"""Groups of reads that may run at a time, each on a connection of its own."""
LIMIT_S: Final = 3.5
"""Longest a group may take, waiting for a connection and for other writers included. The toolkit
spends up to 2 s more on hanging up on a server that is silent."""
_SESSION: Final = {
    "application_name": "paraph",
    "synchronous_commit": "on",
    "timezone": "UTC",
    # A process that froze inside a transaction must not hold up the others for ever.
    "idle_in_transaction_session_timeout": "10s",
}
_DRIVER_ERRORS: Final = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
    TimeoutError,
)


class PostgresSql(Sql):
    """Statements on a plain asyncpg connection, waited for inside a greenlet."""

    def __init__(self, connection: Any, compiler: Compiler, node: str) -> None:
        super().__init__(node)
        self._connection = connection
        self._compiler = compiler

    def rows(self, statement: Statement, parameters: Parameters = NONE) -> Sequence[Row]:
        text, values = self._bound(statement, parameters)
        rows: Sequence[Row] = _wait(self._connection.fetch(text, *values))
        return rows

    def change(self, statement: Statement, parameters: Parameters = NONE) -> int:
        text, values = self._bound(statement, parameters)
        # The command tag ends in the number of rows: "UPDATE 1", "INSERT 0 1".
        changed = int(_wait(self._connection.execute(text, *values)).rpartition(" ")[2])
        self.changes += changed
        return changed

    def change_many(self, statement: Statement, parameters: Sequence[Parameters]) -> None:
        text, names, fixed = self._compiler(statement)
        self.changes += 1
        rows = [
            [values[name] for name in names]
            for values in (merged(fixed, one) for one in parameters)
        ]
        _wait(self._connection.executemany(text, rows))

    def control(self, text: str) -> None:
        _wait(self._connection.execute(text))

    def _bound(self, statement: Statement, parameters: Parameters) -> tuple[str, list[Any]]:
        text, names, fixed = self._compiler(statement)
        values = merged(fixed, parameters)
        return text, [values[name] for name in names]


def _wait(answer: Awaitable[T]) -> T:
    try:
        return await_only(answer)
    except (asyncpg.IntegrityConstraintViolationError, asyncpg.DataError) as error:
        raise ConstraintBroken(str(error)) from error
    except _DRIVER_ERRORS as error:
        raise Interrupted(f"{type(error).__name__}: {error}") from error


class PostgresEngine:
    """Runs groups of units on one PostgreSQL database."""

    def __init__(self, url: sa.URL, node: str) -> None:
        self._node = node
        self._compiler = Compiler(PGDialect_asyncpg())  # type: ignore[no-untyped-call]  # theirs
        self._writer = engine(url, size=1)
        self._reader = engine(url, size=READ_LANES)
        self._reads = Groups(self._read_group, lanes=READ_LANES)

    async def open(self) -> None:
        """Prove that the server answers."""
        await self._read_group([])

    async def close(self) -> None:
        """Finish the reads that were handed in, then close the pools."""
        await self._reads.close()
        await self._writer.dispose()
        await self._reader.dispose()

    async def write(self, group: Sequence[Unit]) -> tuple[list[Any], audit.Head | None]:
        """One durable transaction for the group; see ``units.perform``."""

        def transaction(sql: Sql) -> tuple[list[Any], audit.Head | None]:
            sql.control("BEGIN")
            result = units.perform(sql, group)
            sql.control("COMMIT")
            return result

        return await self._run(self._writer, transaction)

    async def read(self, unit: Unit) -> Any:
        """What the unit returns, on a snapshot that it may share with others."""
        return await self._reads.submit(unit)

    async def row(self, statement: Statement, parameters: Parameters) -> Row | None:
        """The first row of one query."""
        found: Row | None = await self._reads.submit(lambda sql: sql.one(statement, parameters))
        return found

    async def _read_group(self, group: Sequence[Unit]) -> list[Any]:
        begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
        return await self._run(self._reader, lambda sql: units.snapshot(sql, group, begin))

    async def _run(self, pool: AsyncEngine, work: Callable[[Sql], T]) -> T:
        try:
            async with asyncio.timeout(LIMIT_S), pool.connect() as connection:
                return await self._on(connection, work)
        except (*_DRIVER_ERRORS, sa.exc.SQLAlchemyError, Interrupted) as error:
            raise StorageUnavailable(f"{type(error).__name__}: {error}") from error

    async def _on(self, connection: AsyncConnection, work: Callable[[Sql], T]) -> T:
        plain: Any = (await connection.get_raw_connection()).driver_connection
        sql = PostgresSql(plain, self._compiler, self._node)
        try:
            return await connection.run_sync(lambda _: work(sql))
        except BaseException:
            # Its transaction is in an unknown state; hanging up ends it, without waiting.
            plain.terminate()
            await connection.invalidate()
            raise


async def once(url: sa.URL, work: Callable[[sa.Connection], T]) -> T:
    """What ``work`` returns, on a connection of the toolkit that is closed afterwards."""
    pool = engine(url, size=1, command_s=None)
    try:
        async with pool.connect() as connection:
            return await connection.run_sync(work)
    finally:
        await pool.dispose()


def engine(url: sa.URL, *, size: int, command_s: float | None = LIMIT_S) -> AsyncEngine:
    """A pool that never makes anybody wait longer than the limit.

    Args:
        command_s: Seconds that a statement may take; ``None`` for migrations, which take theirs.
    """
    return create_async_engine(
        url.set(drivername="postgresql+asyncpg"),
        pool_size=size,
        max_overflow=0,
        pool_timeout=LIMIT_S,
        pool_pre_ping=True,
        connect_args={
            "timeout": LIMIT_S,
            "command_timeout": command_s,
            "server_settings": _SESSION,
        },
    )
