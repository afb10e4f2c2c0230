"""How often each subject did something, counted for all processes together."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0007"

NUMBER = sa.BigInteger()
BYTES = sa.LargeBinary()


def upgrade() -> None:
    """Create the table of ``storage.pace_tables``."""
    op.create_table(
        "paces",
        sa.Column("digest", BYTES, nullable=False),
        sa.Column("full_at", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_paces")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_paces_full_at"), "paces", ["full_at"])
