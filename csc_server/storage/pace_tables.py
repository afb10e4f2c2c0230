"""How often each subject did something, and which names a place tried. No statement stands here."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from csc_server.storage.tables import BYTES, INSTANT, NUMBER, metadata

paces: Final = sa.Table(
    "paces",
    metadata,
    sa.Column("digest", BYTES, primary_key=True, doc="SHA-256 of what and whose"),
    sa.Column("full_at", INSTANT, nullable=False, index=True, doc="when the bucket is full again"),
    sqlite_with_rowid=False,
)

login_names: Final = sa.Table(
    "login_names",
    metadata,
    sa.Column("place", BYTES, primary_key=True, doc="SHA-256 of the address or network"),
    sa.Column("name", BYTES, primary_key=True, doc="SHA-256 of what was typed"),
    sa.Column("opened", NUMBER, nullable=False, doc="1: a password was right"),
    sa.Column("tried_at", INSTANT, nullable=False, index=True, doc="the last time"),
    sa.CheckConstraint("opened IN (0, 1)", name="opened"),
    sqlite_with_rowid=False,
)
