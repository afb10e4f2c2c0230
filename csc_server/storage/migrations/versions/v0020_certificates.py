"""The register of certificates."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0011"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NUMBER = sa.BigInteger()
BYTES = sa.LargeBinary()


def upgrade() -> None:
    """Create the tables of ``storage.certificate_tables``."""
    op.create_table(
        "certificates",
        sa.Column("serial", TEXT, nullable=False),
        sa.Column("position", NUMBER, nullable=False),
        sa.Column("issuer_id", TEXT, nullable=False),
        sa.Column("profile", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("tbs", BYTES, nullable=False),
        sa.Column("certificate", BYTES, nullable=True),
        sa.Column("account_id", TEXT, nullable=True),
        sa.Column("credential_id", TEXT, nullable=True),
        sa.Column("not_before", NUMBER, nullable=False),
        sa.Column("not_after", NUMBER, nullable=False),
        sa.Column("reserved_at", NUMBER, nullable=False),
        sa.Column("ended_at", NUMBER, nullable=True),
        sa.Column("reason", TEXT, nullable=True),
        sa.CheckConstraint(
            "state IN ('reserved', 'issued', 'suspended', 'revoked')",
            name=op.f("ck_certificates_state"),
        ),
        sa.CheckConstraint(
            "reason IN ('unspecified', 'keyCompromise', 'affiliationChanged', 'superseded', "
            "'cessationOfOperation', 'privilegeWithdrawn', 'certificateHold')",
            name=op.f("ck_certificates_reason"),
        ),
        sa.CheckConstraint(
            "(state IN ('suspended', 'revoked')) = (ended_at IS NOT NULL)"
            " AND (ended_at IS NULL) = (reason IS NULL)",
            name=op.f("ck_certificates_ended"),
        ),
        sa.CheckConstraint(
            "certificate IS NOT NULL OR state IN ('reserved', 'revoked')",
            name=op.f("ck_certificates_issued"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.account_id"], name=op.f("fk_certificates_account_id")
        ),
        sa.PrimaryKeyConstraint("serial", name=op.f("pk_certificates")),
        sa.UniqueConstraint("position", name=op.f("uq_certificates_position")),
    )
    op.create_index("ix_certificates_account_id", "certificates", ["account_id"])
    op.create_index("ix_certificates_credential_id", "certificates", ["credential_id"])
    for name, column, states in (
        ("not_good", "issuer_id", "'suspended', 'revoked'"),
        ("reserved", "reserved_at", "'reserved'"),
    ):
        where = sa.text(f"state IN ({states})")
        op.create_index(
            f"ix_certificates_{name}",
            "certificates",
            [column],
            sqlite_where=where,
            postgresql_where=where,
        )
    op.create_table(
        "certificate_orders",
        sa.Column("order_id", TEXT, nullable=False),
        sa.Column("account_id", TEXT, nullable=False),
        sa.Column("source", TEXT, nullable=False),
        sa.Column("wish", BYTES, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("due_at", NUMBER, nullable=False),
        sa.Column("tries", NUMBER, nullable=False),
        sa.Column("leased_until", NUMBER, nullable=False),
        sa.Column("created_at", NUMBER, nullable=False),
        sa.Column("credential_id", TEXT, nullable=True),
        sa.Column("serial", TEXT, nullable=True),
        sa.Column("reason", TEXT, nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'issued', 'failed', 'cancelled')",
            name=op.f("ck_certificate_orders_state"),
        ),
        sa.CheckConstraint(
            "(state = 'issued') = (credential_id IS NOT NULL)"
            " AND (credential_id IS NULL) = (serial IS NULL)",
            name=op.f("ck_certificate_orders_issued"),
        ),
        sa.CheckConstraint(
            "(state = 'failed') = (reason IS NOT NULL)", name=op.f("ck_certificate_orders_failed")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.account_id"],
            name=op.f("fk_certificate_orders_account_id"),
        ),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_certificate_orders")),
    )
    op.create_index("ix_certificate_orders_account_id", "certificate_orders", ["account_id"])
    op.create_index(
        "ix_certificate_orders_waiting",
        "certificate_orders",
        ["due_at"],
        sqlite_where=sa.text("state IN ('waiting')"),
        postgresql_where=sa.text("state IN ('waiting')"),
    )
    op.create_table(
        "crl_numbers",
        sa.Column("issuer_id", TEXT, nullable=False),
        sa.Column("number", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("issuer_id", name=op.f("pk_crl_numbers")),
    )
