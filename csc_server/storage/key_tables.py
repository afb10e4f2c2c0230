"""Keys at both ends: being made, and destroyed or about to be."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from csc_server.storage.tables import BYTES, INSTANT, NUMBER, TEXT, check, metadata
from policies.key_ends import KeyEnd

tombstones = sa.Table(
    "tombstones",
    metadata,
    sa.Column("key_id", BYTES, primary_key=True, doc="CKA_ID"),
    sa.Column("position", NUMBER, nullable=False, unique=True, doc="order of burial"),
    sa.Column("public_key_digest", BYTES, nullable=False, doc="SHA-256 of the public key"),
    sa.Column("cause", TEXT, nullable=False),
    sa.Column("buried_at", INSTANT, nullable=False),
    sa.Column("destroyed_at", INSTANT, doc="NULL: the device has not said so yet"),
    check("cause", KeyEnd),
)

announced = sa.Table(
    "announced_keys",
    metadata,
    sa.Column("key_id", BYTES, primary_key=True, doc="CKA_ID of a key that is being made"),
    sa.Column("announced_at", INSTANT, nullable=False, index=True),
)

NOT_DESTROYED: Final = tombstones.c.destroyed_at.is_(None)
sa.Index(
    "ix_tombstones_open",
    tombstones.c.position,
    sqlite_where=NOT_DESTROYED,
    postgresql_where=NOT_DESTROYED,
)
