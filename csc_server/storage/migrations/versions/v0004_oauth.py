"""The authorization server: clients, requests, codes, consents."""

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Create the tables of ``storage.oauth_tables``."""
