"""The tables of the registration API: keys of requests, and credits. No statement stands here."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from csc_server.storage.tables import BYTES, INSTANT, NUMBER, TEXT, metadata

idempotency: Final = sa.Table(
    "idempotency",
    metadata,
    sa.Column("key_digest", BYTES, primary_key=True, doc="SHA-256 of client and key"),
    sa.Column("request_digest", BYTES, nullable=False, doc="SHA-256 of path and body"),
    sa.Column("claimed_at", INSTANT, nullable=False, index=True),
    sa.Column("status", NUMBER),
    sa.Column("body", BYTES),
    sa.CheckConstraint("(status IS NULL) = (body IS NULL)", name="answer"),
    sqlite_with_rowid=False,
)

credit_entries: Final = sa.Table(
    "credits",
    metadata,
    sa.Column("source", TEXT, primary_key=True),
    sa.Column("reference", TEXT, primary_key=True),
    sa.Column("account_id", TEXT, sa.ForeignKey("accounts.account_id"), nullable=False, index=True),
    sa.Column("transactions", NUMBER, nullable=False),
    sa.Column("created_at", INSTANT, nullable=False),
    sa.CheckConstraint("transactions >= 1", name="transactions"),
    sqlite_with_rowid=False,
)
