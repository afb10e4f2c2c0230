"""Bringing a database to the schema of this release, with Alembic.

All steps run in one transaction under a lock: a process that dies half-way leaves the old schema,
and processes that start together migrate once. Knows no table. Alembic and what it brings along
take 15 MB; they are loaded where they work, and a web process leaves them alone.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Callable
from importlib import resources
from typing import TYPE_CHECKING, Final, TypeVar

import sqlalchemy as sa

from csc_server.ports import StorageUnavailable
from csc_server.storage import sqlite

if TYPE_CHECKING:
    from alembic.config import Config

T = TypeVar("T")

_LOCK: Final = {
    "sqlite": "BEGIN IMMEDIATE",
    # Any number will do, as long as nothing else uses it: "paraph" in ASCII.
    "postgresql": "SELECT pg_advisory_xact_lock(123614100123752)",
}
_STEPS: Final = "csc_server.storage.migrations.versions"
_MADE: Final = re.compile(r'^revision = "(\w+)"', re.MULTILINE)
_FOLLOWED: Final = re.compile(r'^down_revision = "(\w+)"', re.MULTILINE)
_TAKEN: Final = sa.table("alembic_version", sa.column("version_num", sa.Text()))
"""Alembic's own table."""


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
    return await _on(sa.make_url(url), _steps_taken) != newest()


def newest() -> frozenset[str]:
    """The steps of this release that no other one follows.

    Read from their text: loaded, they bring Alembic along.
    """
    files = resources.files(_STEPS).iterdir()
    texts = [one.read_text() for one in files if one.name.endswith(".py")]
    made = {name for text in texts for name in _MADE.findall(text)}
    return frozenset(made - {name for text in texts for name in _FOLLOWED.findall(text)})


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


def _steps_taken(connection: sa.Connection) -> frozenset[str]:
    if not sa.inspect(connection).has_table(_TAKEN.name):
        return frozenset()
    return frozenset(connection.scalars(sa.select(_TAKEN.c.version_num)))


def _upgrade(connection: sa.Connection) -> None:
    from alembic import command

    connection.exec_driver_sql(_LOCK[connection.dialect.name])
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    connection.commit()


def _config() -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "csc_server.storage:migrations")
    return config
