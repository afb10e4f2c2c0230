"""Migrations lead to exactly the tables that the code describes, and can be interrupted."""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
import stat
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.dialects.sqlite.pysqlite import dialect

from csc_server import storage
from csc_server.ports import StorageUnavailable
from csc_server.storage import (
    accounts,
    applications,
    approvals,
    authorizations,
    ca_requests,
    certificates,
    credentials,
    history,
    idempotency,
    jobs,
    ledger,
    login_tries,
    mail_links,
    messages,
    orders,
    outbox,
    people,
    people_found,
    people_login,
    people_opening,
    schema,
    sent_codes,
    throttles,
    tokens,
    tombstones,
    transitions,
)
from csc_server.storage.compiled import Compiler
from csc_server.storage.tables import metadata
from tests import postgres
from tests.contracts import stores
from tests.contracts.conftest import ENGINES

MODULES = (
    *(accounts, authorizations, certificates, credentials, jobs, throttles, tokens, transitions),
    *(applications, approvals, ca_requests, history, idempotency, ledger, login_tries),
    *(messages, orders, outbox, tombstones),
    *(mail_links, people, people_found, people_login, people_opening, sent_codes),
)


@pytest.fixture(params=ENGINES)
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/fresh.db"
    return postgres.shared().create_database()


async def test_migrating_twice_is_migrating_once(fresh: str, tmp_path: Path) -> None:
    """Pending before, not after; a second run changes nothing and the data stay."""
    if fresh.startswith("postgresql"):
        assert await storage.pending(fresh)
    await storage.migrate(fresh)
    assert not await storage.pending(fresh)
    async with stores.opened(fresh, tmp_path) as store:
        await stores.populate(store)
    await storage.migrate(fresh)
    async with stores.opened(fresh, tmp_path) as store:
        assert await store.accounts.find("alice") is not None


def test_the_newest_step_is_the_one_that_alembic_goes_to() -> None:
    """Found without loading Alembic, which a web process has no use for."""
    config = Config()
    config.set_main_option("script_location", "csc_server.storage:migrations")
    assert schema.newest() == set(ScriptDirectory.from_config(config).get_heads())


async def test_migrations_and_tables_agree(fresh: str) -> None:
    """Autogenerate finds nothing left to do."""
    await storage.migrate(fresh)

    def differences(connection: sa.Connection) -> list[Any]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, metadata))

    assert await schema._on(sa.make_url(fresh), differences) == []


async def test_checks_agree_too(url: str, tmp_path: Path) -> None:
    """Constraints that autogenerate does not compare are the same, made by either way."""
    directly = f"sqlite:///{tmp_path}/direct.db"
    if url.startswith("postgresql"):
        directly = postgres.shared().create_database()
    else:
        (tmp_path / "direct.db").touch()

    def create(connection: sa.Connection) -> None:
        metadata.create_all(connection)
        connection.commit()

    await schema._on(sa.make_url(directly), create)
    assert await _constraints(url) == await _constraints(directly)


async def test_renewals_of_before_are_sorted_out(fresh: str) -> None:
    """Of several orders that renew one certificate the issued one counts, or the first."""

    def step(connection: sa.Connection) -> list[tuple[str, str, str | None]]:
        _upgrade_to(connection, "0043")
        account = {
            "account_id": "alice",
            "position": 1,
            "username": "alice",
            "password_hash": "",
            "state": "active",
            "created_at": 1,
        }
        _insert(connection, "accounts", account)
        for name, serial, state, at in (
            ("late", "a", "waiting", 2),
            ("early", "a", "waiting", 1),
            ("second", "b", "waiting", 1),
            ("done", "b", "issued", 2),
            ("over", "a", "cancelled", 0),
            ("first", None, "waiting", 1),
        ):
            done = name if state == "issued" else None
            order = {
                "order_id": name,
                "account_id": "alice",
                "source": "client:portal",
                "wish": json.dumps({"replaces": serial}).encode(),
                "state": state,
                "created_at": at,
                "credential_id": done,
                "serial": done,
            }
            counts = dict.fromkeys(("due_at", "tries", "leased_until"), 0)
            _insert(connection, "certificate_orders", order | counts)
        _upgrade_to(connection, "0044")
        found = connection.exec_driver_sql(
            "SELECT order_id, state, replaces FROM certificate_orders ORDER BY order_id"
        )
        return [tuple(row) for row in found]

    url = sa.make_url(fresh)
    if url.get_backend_name() == "sqlite":
        await asyncio.to_thread(Path(url.database or "").touch)
    assert await schema._on(url, step) == [
        ("done", "issued", "b"),
        ("early", "waiting", "a"),
        ("first", "waiting", None),
        ("late", "cancelled", None),
        ("over", "cancelled", None),
        ("second", "cancelled", None),
    ]


async def test_processes_that_start_together_migrate_once(fresh: str) -> None:
    """The later ones wait and find the work done."""
    await asyncio.gather(*(storage.migrate(fresh) for _ in range(4)))
    assert not await storage.pending(fresh)


async def test_an_interrupted_migration_leaves_nothing(
    fresh: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that dies before the commit leaves the old schema; the next run succeeds."""

    def die(config: Any, revision: str) -> None:
        upgrade(config, revision)
        raise TimeoutError("killed")

    upgrade = command.upgrade
    with monkeypatch.context() as patched:
        patched.setattr(command, "upgrade", die)
        with pytest.raises(StorageUnavailable):
            await storage.migrate(fresh)
    assert await storage.pending(fresh)
    assert await schema._on(sa.make_url(fresh), lambda c: sa.inspect(c).get_table_names()) == []
    await storage.migrate(fresh)
    assert not await storage.pending(fresh)


async def test_a_sqlite_file_is_for_its_owner_only(tmp_path: Path) -> None:
    """The file and the journals beside it."""
    url = f"sqlite:///{tmp_path}/store.db"
    await storage.migrate(url)
    async with stores.opened(url, tmp_path) as store:
        await stores.populate(store)
        files = [tmp_path / f"store.db{suffix}" for suffix in ("", "-shm", "-wal")]
        assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


async def test_no_hot_statement_reads_a_whole_table(tmp_path: Path) -> None:
    """Every prepared statement of the store but the lists finds its rows by an index."""

    url = await stores.empty_url("sqlite", tmp_path)
    compile_ = Compiler(dialect(paramstyle="named"))
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
        for module in MODULES:
            for name, statement in vars(module).items():
                if not isinstance(statement, sa.Select | sa.Update | sa.Delete) or name == "_ALL":
                    continue
                text, _, fixed = compile_(statement)
                names = dict.fromkeys(sa.text(text).compile().params) | fixed
                plan = connection.execute(f"EXPLAIN QUERY PLAN {text}", names).fetchall()
                steps = [step[3] for step in plan]
                scans = [one for one in steps if one.startswith("SCAN") and "INDEX" not in one]
                assert not scans, (module.__name__, name, steps)


def _upgrade_to(connection: sa.Connection, revision: str) -> None:
    config = schema._config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def _insert(connection: sa.Connection, name: str, row: dict[str, Any]) -> None:
    connection.execute(sa.table(name, *map(sa.column, row)).insert(), row)


async def _constraints(url: str) -> list[Any]:
    text = (
        "SELECT sql FROM sqlite_master"
        " WHERE sql IS NOT NULL AND name NOT LIKE 'alembic%' ORDER BY name"
    )
    if url.startswith("postgresql"):
        text = (
            "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)"
            " FROM pg_constraint WHERE conrelid::regclass::text <> 'alembic_version'"
            " ORDER BY 1, 2"
        )

    def read(connection: sa.Connection) -> list[Any]:
        # The order of constraints within a table means nothing.
        texts = (" ".join(map(str, row)) for row in connection.exec_driver_sql(text))
        return [sorted(re.findall(r"\w+", one)) for one in texts]

    rows = await schema._on(sa.make_url(url), read)
    assert len(rows) >= len(metadata.tables)
    return rows
