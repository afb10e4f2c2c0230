"""Browser sessions."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NUMBER = sa.BigInteger()
BYTES = sa.LargeBinary()


def upgrade() -> None:
    """Create the table of ``storage.session_tables``."""
    op.create_table(
        "sessions",
        sa.Column("session_id", TEXT, nullable=False),
        sa.Column("digest", BYTES, nullable=False),
        sa.Column("stage", TEXT, nullable=False),
        sa.Column("account_id", TEXT, nullable=True),
        sa.Column("opened_at", NUMBER, nullable=False),
        sa.Column("seen_at", NUMBER, nullable=False),
        sa.Column("ends_at", NUMBER, nullable=False),
        sa.Column("proved_at", NUMBER, nullable=True),
        sa.Column("source", TEXT, nullable=False),
        sa.Column("device", TEXT, nullable=False),
        sa.Column("ended", TEXT, nullable=True),
        sa.Column("ended_at", NUMBER, nullable=True),
        sa.Column("data", TEXT, nullable=False),
        sa.CheckConstraint(
            "stage IN ('anonymous', 'code_awaited', 'pairing', 'signed_in')",
            name=op.f("ck_sessions_stage"),
        ),
        sa.CheckConstraint(
            "ended IN ('signed_out', 'ended_elsewhere', 'security')", name=op.f("ck_sessions_ended")
        ),
        sa.CheckConstraint("(ended IS NULL) = (ended_at IS NULL)", name=op.f("ck_sessions_ending")),
        sa.CheckConstraint(
            "(account_id IS NULL) = (stage = 'anonymous')", name=op.f("ck_sessions_owner")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.account_id"], name=op.f("fk_sessions_account_id")
        ),
        sa.PrimaryKeyConstraint("session_id", name=op.f("pk_sessions")),
        sa.UniqueConstraint("digest", name=op.f("uq_sessions_digest")),
    )
    op.create_index("ix_sessions_account_id", "sessions", ["account_id"])
    op.create_index("ix_sessions_ends_at", "sessions", ["ends_at"])
