"""Tombstones of keys, and when each key ends."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0021"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NUMBER = sa.BigInteger()
BYTES = sa.LargeBinary()
DAY_US = 24 * 3600 * 1_000_000
"""``policies.key_ends.GRACE`` as it was then."""


def upgrade() -> None:
    """Create ``storage.key_tables``; each credential learns its key's last instant."""
    op.create_table(
        "tombstones",
        sa.Column("key_id", BYTES, nullable=False),
        sa.Column("position", NUMBER, nullable=False),
        sa.Column("public_key_digest", BYTES, nullable=False),
        sa.Column("cause", TEXT, nullable=False),
        sa.Column("buried_at", NUMBER, nullable=False),
        sa.Column("destroyed_at", NUMBER, nullable=True),
        sa.CheckConstraint(
            "cause IN ('expired', 'revoked', 'abandoned')", name=op.f("ck_tombstones_cause")
        ),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_tombstones")),
        sa.UniqueConstraint("position", name=op.f("uq_tombstones_position")),
    )
    still_there = sa.text("destroyed_at IS NULL")
    op.create_index(
        "ix_tombstones_open",
        "tombstones",
        ["position"],
        sqlite_where=still_there,
        postgresql_where=still_there,
    )
    op.add_column("certificates", sa.Column("key_id", BYTES, nullable=True))
    op.add_column("certificates", sa.Column("public_key_digest", BYTES, nullable=True))
    op.add_column("credentials", sa.Column("key_until", NUMBER, nullable=True))
    op.execute("UPDATE credentials SET key_until = not_after")
    revoked = (
        "SELECT r.ended_at FROM certificates r"
        " WHERE r.credential_id = credentials.credential_id AND r.state = 'revoked'"
    )
    op.execute(
        f"UPDATE credentials SET key_until = ({revoked}) + {DAY_US}"  # noqa: S608 - our own words
        f" WHERE ({revoked}) + {DAY_US} < not_after"
    )
    alive = sa.text("key_until IS NOT NULL")
    op.create_index(
        "ix_credentials_key_until",
        "credentials",
        ["key_until"],
        sqlite_where=alive,
        postgresql_where=alive,
    )
    op.create_index("ix_credentials_key_id", "credentials", ["key_id"])
