"""Requests to an authority elsewhere."""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
BYTES = sa.LargeBinary()


def upgrade() -> None:
    """Create ``storage.ca_tables.requests``."""
    op.create_table(
        "ca_requests",
        sa.Column("username", TEXT, nullable=False),
        sa.Column("order_id", TEXT, nullable=True),
        sa.Column("profile", TEXT, nullable=False),
        sa.Column("password", TEXT, nullable=True),
        sa.Column("claim", BYTES, nullable=True),
        sa.Column("request", BYTES, nullable=False),
        sa.Column("begun_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("serial", TEXT, nullable=True),
        sa.Column("told", TEXT, nullable=True),
        sa.CheckConstraint(
            "told IN ('reserved', 'issued', 'suspended', 'revoked')",
            name=op.f("ck_ca_requests_told"),
        ),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (claim IS NOT NULL) AND (claim IS NULL) = (password IS NULL)",
            name=op.f("ck_ca_requests_ended"),
        ),
        sa.CheckConstraint("(serial IS NULL) = (told IS NULL)", name=op.f("ck_ca_requests_known")),
        sa.PrimaryKeyConstraint("username", name=op.f("pk_ca_requests")),
        sa.UniqueConstraint("serial", name=op.f("uq_ca_requests_serial")),
    )
    op.create_index("ix_ca_requests_order_id", "ca_requests", ["order_id"])
    still_open = sa.text("ended_at IS NULL")
    op.create_index(
        "ix_ca_requests_open",
        "ca_requests",
        ["begun_at"],
        sqlite_where=still_open,
        postgresql_where=still_open,
    )
