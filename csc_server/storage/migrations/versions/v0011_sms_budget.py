"""SMS of the last day are counted without reading all messages."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0008"

SMS = sa.text("channel = 'sms'")


def upgrade() -> None:
    """Index the SMS alone."""
    op.create_index(
        "ix_messages_sms", "messages", ["created_at"], sqlite_where=SMS, postgresql_where=SMS
    )
