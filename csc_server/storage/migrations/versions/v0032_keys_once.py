"""A key gets one certificate."""

from alembic import op

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    """Make the public key unique in the register."""
    with op.batch_alter_table("certificates") as table:
        table.create_unique_constraint(
            op.f("uq_certificates_public_key_digest"), ["public_key_digest"]
        )
