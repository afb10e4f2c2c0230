"""Keys that are being made."""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"


def upgrade() -> None:
    """Create ``storage.key_tables.announced``."""
    op.create_table(
        "announced_keys",
        sa.Column("key_id", sa.LargeBinary(), nullable=False),
        sa.Column("announced_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_announced_keys")),
    )
    op.create_index("ix_announced_keys_announced_at", "announced_keys", ["announced_at"])
