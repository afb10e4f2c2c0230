"""Mails and SMS that wait to be delivered."""

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create the tables of ``storage.messages_tables``."""
