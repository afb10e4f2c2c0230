"""The mailbox and the phone of the people under test: the embedded outbox, read from its table."""

from __future__ import annotations

import json
import re
import sqlite3
import time
from contextlib import closing

from tests.service import Service

_WITHIN_S = 10.0


class Mailbox:
    """What went out, as the person sees it."""

    def __init__(self, site: Service) -> None:
        self._path = site.settings.database.removeprefix("sqlite:///")

    def link(self, kind: str, recipient: str) -> str:
        """Path of the link in the newest mail of this kind."""
        found = re.search(r"https?://[^/\s]+(/\S+)", self._newest(kind, recipient))
        assert found is not None
        return found.group(1)

    def code(self, kind: str, recipient: str) -> str:
        """The code in the newest message of this kind."""
        found = re.search(r"\b\d{6}\b", self._newest(kind, recipient))
        assert found is not None
        return found.group()

    def count(self, kind: str, recipient: str) -> int:
        """How many went out, those under way included."""
        query = "SELECT count(*) FROM messages WHERE kind = ? AND recipient = ?"
        return int(self._ask(query, kind, recipient)[0][0])

    def _newest(self, kind: str, recipient: str) -> str:
        under_way = "SELECT 1 FROM messages WHERE kind = ? AND recipient = ? AND settled_at IS NULL"
        deadline = time.monotonic() + _WITHIN_S
        while time.monotonic() < deadline:
            texts = self._texts(kind, recipient)
            if texts and not self._ask(under_way, kind, recipient):
                return texts[0]
            time.sleep(0.05)
        raise AssertionError(f"no {kind} for {recipient}")

    def _texts(self, kind: str, recipient: str) -> list[str]:
        rows = self._ask("SELECT content FROM outbox ORDER BY sent_at DESC")
        kept = [json.loads(content) for [content] in rows]
        return [one["text"] for one in kept if (one["kind"], one["to"]) == (kind, recipient)]

    def _ask(self, query: str, *values: str) -> list[tuple[bytes, ...]]:
        with closing(sqlite3.connect(self._path)) as connection:
            return connection.execute(query, values).fetchall()
