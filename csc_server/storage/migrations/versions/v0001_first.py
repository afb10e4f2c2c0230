"""The first schema: accounts, authenticators, credentials, grants, tokens, SADs, audit."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NUMBER = sa.BigInteger()
BYTES = sa.LargeBinary()


def upgrade() -> None:
    """Create every table, and the head of an empty audit chain."""
    op.create_table(
        "accounts",
        sa.Column("account_id", TEXT, nullable=False),
        sa.Column("position", NUMBER, nullable=False),
        sa.Column("username", TEXT, nullable=False),
        sa.Column("password_hash", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("created_at", NUMBER, nullable=False),
        sa.CheckConstraint("state IN ('active', 'suspended')", name=op.f("ck_accounts_state")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("position", name=op.f("uq_accounts_position")),
        sa.UniqueConstraint("username", name=op.f("uq_accounts_username")),
    )
    op.create_table(
        "audit",
        sa.Column("seq", NUMBER, autoincrement=False, nullable=False),
        sa.Column("at", NUMBER, nullable=False),
        sa.Column("type", TEXT, nullable=False),
        sa.Column("outcome", TEXT, nullable=False),
        sa.Column("body", TEXT, nullable=False),
        sa.Column("previous", BYTES, nullable=False),
        sa.Column("hash", BYTES, nullable=False),
        sa.CheckConstraint("outcome IN ('success', 'failure')", name=op.f("ck_audit_outcome")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "audit_head",
        sa.Column("id", NUMBER, autoincrement=False, nullable=False),
        sa.Column("seq", NUMBER, nullable=False),
        sa.Column("hash", BYTES, nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_audit_head_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
    )
    op.create_table(
        "throttles",
        sa.Column("subject", TEXT, nullable=False),
        sa.Column("failures", NUMBER, nullable=False),
        sa.Column("locked_until", NUMBER, nullable=True),
        sa.CheckConstraint("failures > 0", name=op.f("ck_throttles_failures")),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_throttles")),
    )
    op.create_table(
        "authenticators",
        sa.Column("authenticator_id", TEXT, nullable=False),
        sa.Column("position", NUMBER, nullable=False),
        sa.Column("account_id", TEXT, nullable=False),
        sa.Column("sealed", BYTES, nullable=False),
        sa.Column("last_used_step", NUMBER, nullable=False),
        sa.Column("created_at", NUMBER, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.account_id"], name=op.f("fk_authenticators_account_id")
        ),
        sa.PrimaryKeyConstraint("authenticator_id", name=op.f("pk_authenticators")),
        sa.UniqueConstraint("position", name=op.f("uq_authenticators_position")),
    )
    op.create_index(
        op.f("ix_authenticators_account_id"), "authenticators", ["account_id"], unique=False
    )
    op.create_table(
        "grants",
        sa.Column("grant_id", TEXT, nullable=False),
        sa.Column("account_id", TEXT, nullable=False),
        sa.Column("client_id", TEXT, nullable=False),
        sa.Column("created_at", NUMBER, nullable=False),
        sa.Column("revoked_at", NUMBER, nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.account_id"], name=op.f("fk_grants_account_id")
        ),
        sa.PrimaryKeyConstraint("grant_id", name=op.f("pk_grants")),
    )
    op.create_table(
        "credentials",
        sa.Column("credential_id", TEXT, nullable=False),
        sa.Column("position", NUMBER, nullable=False),
        sa.Column("account_id", TEXT, nullable=False),
        sa.Column("description", TEXT, nullable=False),
        sa.Column("key_id", BYTES, nullable=False),
        sa.Column("wrapped", BYTES, nullable=True),
        sa.Column("key_algorithm", TEXT, nullable=False),
        sa.Column("public_key", BYTES, nullable=False),
        sa.Column("certificates", BYTES, nullable=False),
        sa.Column("subject_organization", TEXT, nullable=True),
        sa.Column("subject_common_name", TEXT, nullable=True),
        sa.Column("not_before", NUMBER, nullable=True),
        sa.Column("not_after", NUMBER, nullable=True),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("factors", TEXT, nullable=False),
        sa.Column("multisign", NUMBER, nullable=False),
        sa.Column("authenticator_id", TEXT, nullable=True),
        sa.Column("pin_verifier", BYTES, nullable=True),
        sa.Column("binding", BYTES, nullable=False),
        sa.Column("created_at", NUMBER, nullable=False),
        sa.CheckConstraint(
            "factors IN ('otp', 'otp,pin', 'pin')", name=op.f("ck_credentials_factors")
        ),
        sa.CheckConstraint(
            "key_algorithm IN ('RSA-2048', 'RSA-3072', 'RSA-4096', 'P-256', 'P-384')",
            name=op.f("ck_credentials_key_algorithm"),
        ),
        sa.CheckConstraint("state IN ('enabled', 'disabled')", name=op.f("ck_credentials_state")),
        sa.CheckConstraint(
            "(subject_common_name IS NULL) = (not_before IS NULL)"
            " AND (subject_common_name IS NULL) = (not_after IS NULL)",
            name=op.f("ck_credentials_certificate_facts"),
        ),
        sa.CheckConstraint("multisign >= 1", name=op.f("ck_credentials_multisign")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.account_id"], name=op.f("fk_credentials_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["authenticator_id"],
            ["authenticators.authenticator_id"],
            name=op.f("fk_credentials_authenticator_id"),
        ),
        sa.PrimaryKeyConstraint("credential_id", name=op.f("pk_credentials")),
        sa.UniqueConstraint("position", name=op.f("uq_credentials_position")),
    )
    op.create_index(op.f("ix_credentials_account_id"), "credentials", ["account_id"], unique=False)
    op.create_table(
        "tokens",
        sa.Column("digest", BYTES, nullable=False),
        sa.Column("grant_id", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("expires_at", NUMBER, nullable=False),
        sa.Column("revoked_at", NUMBER, nullable=True),
        sa.CheckConstraint("kind IN ('access', 'refresh')", name=op.f("ck_tokens_kind")),
        sa.ForeignKeyConstraint(["grant_id"], ["grants.grant_id"], name=op.f("fk_tokens_grant_id")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_tokens")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "authorizations",
        sa.Column("sad_id", TEXT, nullable=False),
        sa.Column("handle_digest", BYTES, nullable=False),
        sa.Column("root_id", TEXT, nullable=False),
        sa.Column("account_id", TEXT, nullable=False),
        sa.Column("client_id", TEXT, nullable=False),
        sa.Column("credential_id", TEXT, nullable=False),
        sa.Column("hash_oid", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("expires_at", NUMBER, nullable=False),
        sa.Column("hard_expires_at", NUMBER, nullable=False),
        sa.Column("open_ordinals", TEXT, nullable=False),
        sa.Column("record", BYTES, nullable=False),
        sa.Column("mac", BYTES, nullable=False),
        sa.Column("operation_id", TEXT, nullable=True),
        sa.CheckConstraint(
            "hash_oid IN ('2.16.840.1.101.3.4.2.1', '2.16.840.1.101.3.4.2.2',"
            " '2.16.840.1.101.3.4.2.3')",
            name=op.f("ck_authorizations_hash_oid"),
        ),
        sa.CheckConstraint(
            "state IN ('issued', 'consuming', 'used', 'spent', 'exchanged', 'expired', 'revoked')",
            name=op.f("ck_authorizations_state"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.account_id"], name=op.f("fk_authorizations_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["credential_id"],
            ["credentials.credential_id"],
            name=op.f("fk_authorizations_credential_id"),
        ),
        sa.ForeignKeyConstraint(
            ["root_id"], ["authorizations.sad_id"], name=op.f("fk_authorizations_root_id")
        ),
        sa.PrimaryKeyConstraint("sad_id", name=op.f("pk_authorizations")),
        sa.UniqueConstraint("handle_digest", name=op.f("uq_authorizations_handle_digest")),
    )
    op.create_index(
        "ix_authorizations_open",
        "authorizations",
        ["expires_at"],
        unique=False,
        sqlite_where=sa.text("state IN ('issued', 'consuming', 'used')"),
        postgresql_where=sa.text("state IN ('issued', 'consuming', 'used')"),
    )
    op.create_table(
        "occurrences",
        sa.Column("root_id", TEXT, nullable=False),
        sa.Column("ordinal", NUMBER, autoincrement=False, nullable=False),
        sa.Column("digest", BYTES, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("operation_id", TEXT, nullable=True),
        sa.CheckConstraint(
            "state IN ('authorized', 'reserved', 'consumed', 'burned', 'expired')",
            name=op.f("ck_occurrences_state"),
        ),
        sa.ForeignKeyConstraint(
            ["root_id"], ["authorizations.sad_id"], name=op.f("fk_occurrences_root_id")
        ),
        sa.PrimaryKeyConstraint("root_id", "ordinal", name=op.f("pk_occurrences")),
        sqlite_with_rowid=False,
    )
    op.execute(
        sa.table("audit_head", sa.column("id"), sa.column("seq"), sa.column("hash", BYTES))
        .insert()
        .values(id=1, seq=0, hash=bytes(32))
    )
