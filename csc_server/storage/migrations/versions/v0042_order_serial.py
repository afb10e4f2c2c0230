"""Whose order a certificate was."""

from alembic import op

revision = "0042"
down_revision = "0041"


def upgrade() -> None:
    """Find orders by serial number."""
    op.create_index("ix_certificate_orders_serial", "certificate_orders", ["serial"])
