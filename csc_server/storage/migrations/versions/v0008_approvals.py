"""Approvals out of band: what waits for a person's answer."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0010"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NUMBER = sa.BigInteger()
BYTES = sa.LargeBinary()


def upgrade() -> None:
    """Create the table of ``storage.approval_tables``."""
    op.create_table(
        "approvals",
        sa.Column("approval_id", TEXT, nullable=False),
        sa.Column("handle_digest", BYTES, nullable=False),
        sa.Column("account_id", TEXT, nullable=False),
        sa.Column("client_id", TEXT, nullable=False),
        sa.Column("grant_id", TEXT, nullable=False),
        sa.Column("jkt", TEXT, nullable=True),
        sa.Column("credential_id", TEXT, nullable=False),
        sa.Column("hash_oid", TEXT, nullable=False),
        sa.Column("digests", BYTES, nullable=False),
        sa.Column("description", BYTES, nullable=True),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("asked_at", NUMBER, nullable=False),
        sa.Column("expires_at", NUMBER, nullable=False),
        sa.Column("sad_id", TEXT, nullable=True),
        sa.CheckConstraint(
            "state IN ('pending', 'approved', 'collected', 'refused', 'expired')",
            name=op.f("ck_approvals_state"),
        ),
        sa.CheckConstraint(
            "hash_oid IN ('2.16.840.1.101.3.4.2.1', '2.16.840.1.101.3.4.2.2',"
            " '2.16.840.1.101.3.4.2.3')",
            name=op.f("ck_approvals_hash_oid"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('approved', 'collected') OR sad_id IS NOT NULL",
            name=op.f("ck_approvals_answered"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.account_id"], name=op.f("fk_approvals_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["grant_id"], ["grants.grant_id"], name=op.f("fk_approvals_grant_id")
        ),
        sa.ForeignKeyConstraint(
            ["credential_id"],
            ["credentials.credential_id"],
            name=op.f("fk_approvals_credential_id"),
        ),
        sa.ForeignKeyConstraint(
            ["sad_id"], ["authorizations.sad_id"], name=op.f("fk_approvals_sad_id")
        ),
        sa.PrimaryKeyConstraint("approval_id", name=op.f("pk_approvals")),
        sa.UniqueConstraint("handle_digest", name=op.f("uq_approvals_handle_digest")),
    )
    op.create_index("ix_approvals_account_id", "approvals", ["account_id", "asked_at"])
    op.create_index("ix_approvals_expires_at", "approvals", ["expires_at"])
