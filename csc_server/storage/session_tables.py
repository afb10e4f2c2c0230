"""The table of browser sessions. No statement stands here."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from csc_server.storage.tables import BYTES, INSTANT, TEXT, metadata
from policies.sessions import End, Stage


def _words(column: str, words: type[Stage] | type[End]) -> sa.CheckConstraint:
    listed = ", ".join(f"'{word}'" for word in words)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=column)


sessions: Final = sa.Table(
    "sessions",
    metadata,
    sa.Column("session_id", TEXT, primary_key=True),
    sa.Column("digest", BYTES, nullable=False, unique=True, doc="SHA-256 of the cookie's value"),
    sa.Column("stage", TEXT, nullable=False),
    sa.Column("account_id", TEXT, sa.ForeignKey("accounts.account_id"), index=True),
    sa.Column("opened_at", INSTANT, nullable=False),
    sa.Column("seen_at", INSTANT, nullable=False),
    sa.Column("ends_at", INSTANT, nullable=False, index=True),
    sa.Column("proved_at", INSTANT),
    sa.Column("source", TEXT, nullable=False),
    sa.Column("device", TEXT, nullable=False),
    sa.Column("ended", TEXT),
    sa.Column("ended_at", INSTANT),
    sa.Column("data", TEXT, nullable=False, doc="JSON object of texts"),
    _words("stage", Stage),
    _words("ended", End),
    sa.CheckConstraint("(ended IS NULL) = (ended_at IS NULL)", name="ending"),
    sa.CheckConstraint(f"(account_id IS NULL) = (stage = '{Stage.ANONYMOUS}')", name="owner"),
)
