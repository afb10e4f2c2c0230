"""The mailbox and the phone of the people under test."""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing
from typing import Any

from tests.service import Service


class Mailbox:
    """What went out, read from the rows of the store."""

    def __init__(self, site: Service) -> None:
        self._path = site.settings.database.removeprefix("sqlite:///")

    def link(self, kind: str, recipient: str) -> str:
        """Path of the link in the newest mail of this kind."""
        found: str = self._facts(kind, recipient)["link"]
        return "/" + found.split("/", 3)[3]

    def code(self, kind: str, recipient: str) -> str:
        """The newest code of this kind."""
        found: str = self._facts(kind, recipient)["code"]
        return found

    def count(self, kind: str, recipient: str) -> int:
        """How many went out."""
        return len(self._rows(kind, recipient))

    def _facts(self, kind: str, recipient: str) -> dict[str, Any]:
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            if rows := self._rows(kind, recipient):
                facts: dict[str, Any] = json.loads(rows[0][0])
                return facts
            time.sleep(0.02)
        raise AssertionError(f"no {kind} for {recipient}")

    def _rows(self, kind: str, recipient: str) -> list[Any]:
        query = (
            "SELECT facts FROM messages WHERE kind = ? AND recipient = ? ORDER BY created_at DESC"
        )
        with closing(sqlite3.connect(self._path)) as connection:
            return connection.execute(query, (kind, recipient)).fetchall()
