"""The authorization server: clients, requests, codes, consents, and what tokens are good for."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NUMBER = sa.BigInteger()
BYTES = sa.LargeBinary()
OPEN_SAD = sa.text("state IN ('issued', 'consuming', 'used')")


def upgrade() -> None:
    """Create the tables of ``storage.oauth_tables``, and the new columns of older tables."""
    _grants_without_account()
    _tokens()
    op.add_column("authorizations", sa.Column("grant_id", TEXT))
    op.add_column("authorizations", sa.Column("jkt", TEXT))
    op.create_index(
        "ix_authorizations_grant",
        "authorizations",
        ["grant_id"],
        sqlite_where=OPEN_SAD,
        postgresql_where=OPEN_SAD,
    )
    _clients()
    _requests()
    _codes()
    op.create_table(
        "oauth_consents",
        sa.Column("account_id", TEXT, nullable=False),
        sa.Column("client_id", TEXT, nullable=False),
        sa.Column("scopes", TEXT, nullable=False),
        sa.Column("given_at", NUMBER, nullable=False),
        sa.Column("revoked_at", NUMBER, nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.account_id"], name=op.f("fk_oauth_consents_account_id")
        ),
        sa.PrimaryKeyConstraint("account_id", "client_id", name=op.f("pk_oauth_consents")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "oauth_replays",
        sa.Column("digest", BYTES, nullable=False),
        sa.Column("until", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_oauth_replays")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_oauth_replays_until"), "oauth_replays", ["until"])


def _grants_without_account() -> None:
    """A client in its own name has no account; SQLite changes a column by a new table."""
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column("grants", "account_id", nullable=True)
    else:
        op.create_table(
            "new_grants",
            sa.Column("grant_id", TEXT, nullable=False),
            sa.Column("account_id", TEXT, nullable=True),
            sa.Column("client_id", TEXT, nullable=False),
            sa.Column("created_at", NUMBER, nullable=False),
            sa.Column("revoked_at", NUMBER, nullable=True),
            sa.ForeignKeyConstraint(
                ["account_id"], ["accounts.account_id"], name=op.f("fk_grants_account_id")
            ),
            sa.PrimaryKeyConstraint("grant_id", name=op.f("pk_grants")),
        )
        op.execute(
            "INSERT INTO new_grants (grant_id, account_id, client_id, created_at, revoked_at)"
            " SELECT grant_id, account_id, client_id, created_at, revoked_at FROM grants"
        )
        op.drop_table("grants")
        op.rename_table("new_grants", "grants")
    op.create_index("ix_grants_account_id", "grants", ["account_id", "client_id"])


def _tokens() -> None:
    collate = ' COLLATE "C"' if op.get_bind().dialect.name == "postgresql" else ""
    for column in (
        f"scope TEXT{collate} DEFAULT 'service' NOT NULL",
        f"token_type TEXT{collate} DEFAULT 'Bearer' NOT NULL"
        " CONSTRAINT ck_tokens_token_type CHECK (token_type IN ('Bearer', 'DPoP', 'SAD'))",
        f"credential_id TEXT{collate}",
        f"sad_id TEXT{collate}",
        f"jkt TEXT{collate}",
        "rotated_at BIGINT",
    ):
        op.execute(f"ALTER TABLE tokens ADD COLUMN {column}")


def _clients() -> None:
    op.create_table(
        "oauth_clients",
        sa.Column("client_id", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("host", TEXT, nullable=False),
        sa.Column("redirect_uris", TEXT, nullable=False),
        sa.Column("grant_types", TEXT, nullable=False),
        sa.Column("auth_method", TEXT, nullable=False),
        sa.Column("secret_digest", BYTES, nullable=True),
        sa.Column("jwks", TEXT, nullable=True),
        sa.Column("scopes", TEXT, nullable=False),
        sa.Column("require_pkce", NUMBER, nullable=False),
        sa.Column("require_dpop", NUMBER, nullable=False),
        sa.Column("require_par", NUMBER, nullable=False),
        sa.Column("require_consent", NUMBER, nullable=False),
        sa.Column("profile", TEXT, nullable=False),
        sa.Column("account_id", TEXT, nullable=True),
        sa.Column("par_per_minute", NUMBER, nullable=False),
        sa.Column("authorize_per_minute", NUMBER, nullable=False),
        sa.Column("failures_per_minute", NUMBER, nullable=False),
        sa.Column("created_at", NUMBER, nullable=False),
        sa.Column("from_file", NUMBER, nullable=False),
        sa.CheckConstraint(
            "auth_method IN ('none', 'client_secret_basic', 'client_secret_post',"
            " 'private_key_jwt')",
            name=op.f("ck_oauth_clients_auth_method"),
        ),
        sa.CheckConstraint(
            "profile IN ('standard', 'fapi2')", name=op.f("ck_oauth_clients_profile")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.account_id"], name=op.f("fk_oauth_clients_account_id")
        ),
        sa.PrimaryKeyConstraint("client_id", name=op.f("pk_oauth_clients")),
    )


def _requests() -> None:
    op.create_table(
        "oauth_requests",
        sa.Column("request_id", TEXT, nullable=False),
        sa.Column("client_id", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("uri_digest", BYTES, nullable=True),
        sa.Column("session_id", TEXT, nullable=True),
        sa.Column("expires_at", NUMBER, nullable=False),
        sa.Column("body", TEXT, nullable=False),
        sa.CheckConstraint(
            "state IN ('pushed', 'open', 'granted', 'denied')",
            name=op.f("ck_oauth_requests_state"),
        ),
        sa.PrimaryKeyConstraint("request_id", name=op.f("pk_oauth_requests")),
        sa.UniqueConstraint("uri_digest", name=op.f("uq_oauth_requests_uri_digest")),
    )
    op.create_index(op.f("ix_oauth_requests_expires_at"), "oauth_requests", ["expires_at"])


def _codes() -> None:
    op.create_table(
        "oauth_codes",
        sa.Column("digest", BYTES, nullable=False),
        sa.Column("request_id", TEXT, nullable=False),
        sa.Column("account_id", TEXT, nullable=False),
        sa.Column("grant_id", TEXT, nullable=False),
        sa.Column("sad_id", TEXT, nullable=True),
        sa.Column("expires_at", NUMBER, nullable=False),
        sa.Column("redeemed_at", NUMBER, nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.account_id"], name=op.f("fk_oauth_codes_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["request_id"],
            ["oauth_requests.request_id"],
            name=op.f("fk_oauth_codes_request_id"),
        ),
        sa.ForeignKeyConstraint(
            ["sad_id"], ["authorizations.sad_id"], name=op.f("fk_oauth_codes_sad_id")
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_oauth_codes")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_oauth_codes_request_id"), "oauth_codes", ["request_id"])
