"""Changes of the register are counted, so that answers about status can follow them."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"

MOVED = sa.Column("moved", sa.BigInteger(), nullable=False, server_default=sa.text("0"))


def upgrade() -> None:
    """Number the lines that are there in the order of their reservation."""
    op.add_column("certificates", MOVED)
    op.execute("UPDATE certificates SET moved = position")
    op.create_index("ix_certificates_moved", "certificates", ["moved"], unique=True)
