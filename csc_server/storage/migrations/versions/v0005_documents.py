"""Asynchronous work of signHash and signDoc."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NUMBER = sa.BigInteger()
BYTES = sa.LargeBinary()


def upgrade() -> None:
    """Create the tables of ``storage.document_tables``."""
    op.create_table(
        "jobs",
        sa.Column("response_digest", BYTES, nullable=False),
        sa.Column("account_id", TEXT, nullable=False),
        sa.Column("client_id", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("result", BYTES, nullable=True),
        sa.Column("created_at", NUMBER, nullable=False),
        sa.Column("finish_by", NUMBER, nullable=False),
        sa.Column("kept_until", NUMBER, nullable=False),
        sa.CheckConstraint("state IN ('accepted', 'done', 'failed')", name=op.f("ck_jobs_state")),
        sa.CheckConstraint("(state = 'done') = (result IS NOT NULL)", name=op.f("ck_jobs_result")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.account_id"], name=op.f("fk_jobs_account_id")
        ),
        sa.PrimaryKeyConstraint("response_digest", name=op.f("pk_jobs")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_jobs_kept_until", "jobs", ["kept_until"])
