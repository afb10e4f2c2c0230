"""Codes by SMS that approve a signature, and credentials that ask for them beside a PIN."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NUMBER = sa.BigInteger()
BYTES = sa.LargeBinary()
FACTORS = "factors IN ('otp', 'pin', 'otp,pin', 'pin,sms')"
COLUMNS = (
    "credential_id, position, account_id, description, key_id, wrapped, key_algorithm, public_key,"
    " certificates, subject_organization, subject_common_name, not_before, not_after, state,"
    " factors, multisign, authenticator_id, pin_verifier, binding, created_at"
)


def upgrade() -> None:
    """Create ``storage.people_tables.signing_codes``; let credentials have the new factor."""
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(op.f("ck_credentials_factors"), "credentials")
        op.create_check_constraint(op.f("ck_credentials_factors"), "credentials", FACTORS)
    else:
        _credentials_anew()
    op.create_table(
        "signing_codes",
        sa.Column("code_id", TEXT, nullable=False),
        sa.Column("account_id", TEXT, nullable=False),
        sa.Column("credential_id", TEXT, nullable=False),
        sa.Column("destination", TEXT, nullable=False),
        sa.Column("mac", BYTES, nullable=False),
        sa.Column("sent_at", NUMBER, nullable=False),
        sa.Column("expires_at", NUMBER, nullable=False),
        sa.Column("tries", NUMBER, nullable=False),
        sa.Column("used_at", NUMBER, nullable=True),
        sa.CheckConstraint("tries >= 0", name=op.f("ck_signing_codes_tries")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.account_id"], name=op.f("fk_signing_codes_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["credential_id"],
            ["credentials.credential_id"],
            name=op.f("fk_signing_codes_credential_id"),
        ),
        sa.PrimaryKeyConstraint("code_id", name=op.f("pk_signing_codes")),
    )
    op.create_index("ix_signing_codes_sent_at", "signing_codes", ["sent_at"])
    for column in ("credential_id", "account_id", "destination"):
        op.create_index(f"ix_signing_codes_{column}", "signing_codes", [column, "sent_at"])


def _credentials_anew() -> None:
    """SQLite changes a constraint by a new table."""
    op.create_table(
        "new_credentials",
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
        sa.CheckConstraint(FACTORS, name=op.f("ck_credentials_factors")),
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
    op.execute(f"INSERT INTO new_credentials ({COLUMNS}) SELECT {COLUMNS} FROM credentials")  # noqa: S608 - our own words
    op.drop_table("credentials")
    op.rename_table("new_credentials", "credentials")
    op.create_index(op.f("ix_credentials_account_id"), "credentials", ["account_id"], unique=False)
