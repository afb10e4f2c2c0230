"""Into the database past the store: what an attacker with its password does."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from typing import Any

from tests import postgres


def execute(url: str, statements: Sequence[str]) -> None:
    """Run these statements as one transaction."""
    if not url.startswith("sqlite"):
        script = "; ".join(["BEGIN", *statements, "COMMIT"])
        postgres.shared().execute(script, url.rpartition("/")[2])
        return
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def query(url: str, statement: str) -> list[tuple[Any, ...]]:
    """Rows of a query; everything is text on PostgreSQL."""
    if not url.startswith("sqlite"):
        printed = postgres.shared().execute(statement, url.rpartition("/")[2])
        return [tuple(line.split("|")) for line in printed.splitlines()]
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
        return connection.execute(statement).fetchall()


def blob(url: str, value: bytes) -> str:
    """Bytes as a literal."""
    if url.startswith("sqlite"):
        return f"x'{value.hex()}'"
    return f"'\\x{value.hex()}'::bytea"
