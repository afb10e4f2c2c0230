"""Credits, keys of requests, and what the history of signatures needs."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NUMBER = sa.BigInteger()
BYTES = sa.LargeBinary()


def upgrade() -> None:
    """Create the tables of ``storage.api_tables``; when and whose a signature was."""
    op.create_table(
        "idempotency",
        sa.Column("key_digest", BYTES, nullable=False),
        sa.Column("request_digest", BYTES, nullable=False),
        sa.Column("claimed_at", NUMBER, nullable=False),
        sa.Column("status", NUMBER, nullable=True),
        sa.Column("body", BYTES, nullable=True),
        sa.CheckConstraint("(status IS NULL) = (body IS NULL)", name=op.f("ck_idempotency_answer")),
        sa.PrimaryKeyConstraint("key_digest", name=op.f("pk_idempotency")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_idempotency_claimed_at"), "idempotency", ["claimed_at"])
    op.create_table(
        "credits",
        sa.Column("source", TEXT, nullable=False),
        sa.Column("reference", TEXT, nullable=False),
        sa.Column("account_id", TEXT, nullable=False),
        sa.Column("transactions", NUMBER, nullable=False),
        sa.Column("created_at", NUMBER, nullable=False),
        sa.CheckConstraint("transactions >= 1", name=op.f("ck_credits_transactions")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.account_id"], name=op.f("fk_credits_account_id")
        ),
        sa.PrimaryKeyConstraint("source", "reference", name=op.f("pk_credits")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_credits_account_id"), "credits", ["account_id"])
    op.add_column("occurrences", sa.Column("reserved_at", NUMBER, nullable=True))
    op.create_index(
        "ix_authorizations_history", "authorizations", ["account_id", "expires_at", "sad_id"]
    )
