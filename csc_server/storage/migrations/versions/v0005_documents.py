"""signDoc, handles of work under way."""

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Create the tables of ``storage.documents_tables``."""
