"""Which names a place tried to log in with."""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0032"

NUMBER = sa.BigInteger()
BYTES = sa.LargeBinary()


def upgrade() -> None:
    """Create ``storage.pace_tables.login_names``."""
    op.create_table(
        "login_names",
        sa.Column("place", BYTES, nullable=False),
        sa.Column("name", BYTES, nullable=False),
        sa.Column("opened", NUMBER, nullable=False),
        sa.Column("tried_at", NUMBER, nullable=False),
        sa.CheckConstraint("opened IN (0, 1)", name=op.f("ck_login_names_opened")),
        sa.PrimaryKeyConstraint("place", "name", name=op.f("pk_login_names")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_login_names_tried_at"), "login_names", ["tried_at"])
