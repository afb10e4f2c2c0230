"""Bringing a database to the schema of this release, with Alembic.

All steps run in one transaction under a lock: a process that dies half-way leaves the old schema,
and processes that start together migrate once. Knows no table.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import Final, TypeVar

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from csc_server.ports import StorageUnavailable
from csc_server.storage import sqlite

T = TypeVar("T")

_LOCK: Final = {
    "sqlite": "BEGIN IMMEDIATE",
    # Any number will do, as long as nothing else uses it: "paraph" in ASCII.
    "postgresql": "SELECT pg_advisory_xact_lock(123614100123752)",
}


class SchemaOutdated(Exception):
    """The database has to be migrated before it can be served from."""


async def migrate(url: str) -> None:
    """Afterwards the database has the schema of this release; creates a SQLite file if absent.

    Raises:
        StorageUnavailable: The database does not answer.
    """
    parsed = sa.make_url(url)
    if parsed.get_backend_name() == "sqlite" and parsed.database:
        # SQLite gives its journals the mode of the file itself.
        os.close(os.open(parsed.database, os.O_CREAT | os.O_CLOEXEC, 0o600))
    await _on(parsed, _upgrade)


async def pending(url: str) -> bool:
    """True when the database lacks a step of this release.

    Raises:
        StorageUnavailable: The database does not answer, or there is no such file.
    """
    current = await _on(sa.make_url(url), _steps_taken)
    return set(current) != set(ScriptDirectory.from_config(_config()).get_heads())


async def _on(url: sa.URL, work: Callable[[sa.Connection], T]) -> T:
    try:
        if url.get_backend_name() == "sqlite":
            return await asyncio.to_thread(_on_sqlite, url, work)
        # The driver and the toolkit's greenlets are loaded only where they are used.
        from csc_server.storage import postgres

        return await postgres.once(url, work)
    except (OSError, TimeoutError, sa.exc.DBAPIError) as error:
        raise StorageUnavailable(str(error)) from error


def _on_sqlite(url: sa.URL, work: Callable[[sa.Connection], T]) -> T:
    if not os.path.exists(url.database or ""):
        raise FileNotFoundError(url.database)
    # No transaction but the one that we begin: the driver would leave DDL outside of its own.
    engine = sa.create_engine(
        url.set(drivername="sqlite"),
        isolation_level="AUTOCOMMIT",
        connect_args={"timeout": sqlite.BUSY_S},
    )
    try:
        with engine.connect() as connection:
            return work(connection)
    finally:
        engine.dispose()


def _steps_taken(connection: sa.Connection) -> tuple[str, ...]:
    return MigrationContext.configure(connection).get_current_heads()


def _upgrade(connection: sa.Connection) -> None:
    connection.exec_driver_sql(_LOCK[connection.dialect.name])
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    connection.commit()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "csc_server.storage:migrations")
    return config
