"""Mails and SMS that wait to be delivered, and the outbox of development."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NUMBER = sa.BigInteger()
BYTES = sa.LargeBinary()

_STATES = ("waiting", "sending", "sent", "failed", "unknown", "expired")
_OPEN = "state IN ('waiting', 'sending')"


def _words(column: str, words: tuple[str, ...]) -> sa.CheckConstraint:
    listed = ", ".join(f"'{word}'" for word in words)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=op.f(f"ck_messages_{column}"))


def upgrade() -> None:
    """Create the tables of ``storage.message_tables``."""
    op.create_table(
        "messages",
        sa.Column("message_id", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("channel", TEXT, nullable=False),
        sa.Column("recipient", TEXT, nullable=False),
        sa.Column("language", TEXT, nullable=False),
        sa.Column("facts", TEXT, nullable=True),
        sa.Column("account_id", TEXT, nullable=True),
        sa.Column("created_at", NUMBER, nullable=False),
        sa.Column("expires_at", NUMBER, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("attempts", NUMBER, nullable=False),
        sa.Column("next_at", NUMBER, nullable=False),
        sa.Column("lease_id", TEXT, nullable=True),
        sa.Column("settled_at", NUMBER, nullable=True),
        sa.Column("reason", TEXT, nullable=True),
        sa.Column("reference", TEXT, nullable=True),
        _words("channel", ("mail", "sms")),
        _words("language", ("ro", "en", "fr")),
        _words("state", _STATES),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_messages_attempts")),
        sa.CheckConstraint(
            "(facts IS NULL) = (settled_at IS NOT NULL)", name=op.f("ck_messages_facts_dropped")
        ),
        sa.CheckConstraint(
            "(state = 'sending') = (lease_id IS NOT NULL)", name=op.f("ck_messages_leased")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.account_id"], name=op.f("fk_messages_account_id")
        ),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_messages")),
    )
    op.create_index(
        "ix_messages_open",
        "messages",
        ["channel", "next_at"],
        unique=False,
        sqlite_where=sa.text(_OPEN),
        postgresql_where=sa.text(_OPEN),
    )
    op.create_table(
        "outbox",
        sa.Column("message_id", TEXT, nullable=False),
        sa.Column("sent_at", NUMBER, nullable=False),
        sa.Column("content", BYTES, nullable=False),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_outbox")),
    )
    op.create_index("ix_outbox_sent_at", "outbox", ["sent_at"], unique=False)
