"""The table of paces: how often each subject did something. No statement stands here."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from csc_server.storage.tables import BYTES, INSTANT, metadata

paces: Final = sa.Table(
    "paces",
    metadata,
    sa.Column("digest", BYTES, primary_key=True, doc="SHA-256 of what and whose"),
    sa.Column("full_at", INSTANT, nullable=False, index=True, doc="when the bucket is full again"),
    sqlite_with_rowid=False,
)
