"""People: profiles, registrations, links, codes; authenticators that are paired on the web."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NUMBER = sa.BigInteger()
BYTES = sa.LargeBinary()


def _words(table: str, column: str, *words: str) -> sa.CheckConstraint:
    listed = ", ".join(f"'{word}'" for word in words)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=op.f(f"ck_{table}_{column}"))


def upgrade() -> None:
    """Create the tables of ``storage.people_tables``; authenticators and throttles know more."""
    _profiles()
    _registrations()
    _links()
    _codes()
    _authenticators()
    _throttles()


def _profiles() -> None:
    op.create_table(
        "profiles",
        sa.Column("account_id", TEXT, nullable=False),
        sa.Column("first_name", TEXT, nullable=False),
        sa.Column("last_name", TEXT, nullable=False),
        sa.Column("email", TEXT, nullable=False),
        sa.Column("email_key", TEXT, nullable=False),
        sa.Column("phone", TEXT, nullable=False),
        sa.Column("proposed_phone", TEXT, nullable=True),
        sa.Column("language", TEXT, nullable=False),
        sa.Column("login_code", NUMBER, nullable=False),
        sa.Column("deferral", TEXT, nullable=False),
        sa.Column("remind_on", TEXT, nullable=True),
        sa.Column("privacy_version", TEXT, nullable=True),
        sa.Column("privacy_at", NUMBER, nullable=True),
        sa.Column("created_at", NUMBER, nullable=False),
        _words("profiles", "language", "ro", "en", "fr"),
        _words("profiles", "deferral", "none", "until", "next_login", "never"),
        sa.CheckConstraint("login_code IN (0, 1)", name=op.f("ck_profiles_login_code")),
        sa.CheckConstraint(
            "(deferral = 'until') = (remind_on IS NOT NULL)", name=op.f("ck_profiles_remind_on")
        ),
        sa.CheckConstraint(
            "(privacy_version IS NULL) = (privacy_at IS NULL)", name=op.f("ck_profiles_privacy")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.account_id"], name=op.f("fk_profiles_account_id")
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_profiles")),
        sa.UniqueConstraint("email_key", name=op.f("uq_profiles_email_key")),
    )


def _registrations() -> None:
    op.create_table(
        "registrations",
        sa.Column("registration_id", TEXT, nullable=False),
        sa.Column("first_name", TEXT, nullable=False),
        sa.Column("last_name", TEXT, nullable=False),
        sa.Column("email", TEXT, nullable=False),
        sa.Column("phone", TEXT, nullable=False),
        sa.Column("phone_confirmed", NUMBER, nullable=False),
        sa.Column("language", TEXT, nullable=False),
        sa.Column("created_at", NUMBER, nullable=False),
        _words("registrations", "language", "ro", "en", "fr"),
        sa.CheckConstraint(
            "phone_confirmed IN (0, 1)", name=op.f("ck_registrations_phone_confirmed")
        ),
        sa.PrimaryKeyConstraint("registration_id", name=op.f("pk_registrations")),
    )
    op.create_index("ix_registrations_created_at", "registrations", ["created_at"])


def _links() -> None:
    op.create_table(
        "links",
        sa.Column("digest", BYTES, nullable=False),
        sa.Column("purpose", TEXT, nullable=False),
        sa.Column("subject", TEXT, nullable=False),
        sa.Column("addressee", TEXT, nullable=False),
        sa.Column("created_at", NUMBER, nullable=False),
        sa.Column("expires_at", NUMBER, nullable=False),
        sa.Column("used_at", NUMBER, nullable=True),
        _words("links", "purpose", "invitation", "password", "unlock"),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_links")),
    )
    op.create_index("ix_links_created_at", "links", ["created_at"])
    op.create_index("ix_links_addressee", "links", ["addressee", "purpose", "created_at"])


def _codes() -> None:
    op.create_table(
        "codes",
        sa.Column("code_id", TEXT, nullable=False),
        sa.Column("purpose", TEXT, nullable=False),
        sa.Column("owner", TEXT, nullable=False),
        sa.Column("destination", TEXT, nullable=False),
        sa.Column("salt", BYTES, nullable=False),
        sa.Column("digest", BYTES, nullable=False),
        sa.Column("sent_at", NUMBER, nullable=False),
        sa.Column("tries", NUMBER, nullable=False),
        sa.Column("used_at", NUMBER, nullable=True),
        _words("codes", "purpose", "registration", "pairing", "password", "email", "new_phone"),
        sa.CheckConstraint("tries >= 0", name=op.f("ck_codes_tries")),
        sa.PrimaryKeyConstraint("code_id", name=op.f("pk_codes")),
    )
    op.create_index("ix_codes_sent_at", "codes", ["sent_at"])
    op.create_index("ix_codes_owner", "codes", ["owner", "sent_at"])
    op.create_index("ix_codes_destination", "codes", ["destination", "sent_at"])


def _authenticators() -> None:
    before = sa.Table(
        "authenticators",
        sa.MetaData(),
        sa.Column("authenticator_id", TEXT, nullable=False),
        sa.Column("position", NUMBER, nullable=False),
        sa.Column("account_id", TEXT, nullable=False),
        sa.Column("sealed", BYTES, nullable=False),
        sa.Column("last_used_step", NUMBER, nullable=False),
        sa.Column("created_at", NUMBER, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.account_id"], name="fk_authenticators_account_id"
        ),
        sa.PrimaryKeyConstraint("authenticator_id", name="pk_authenticators"),
        sa.UniqueConstraint("position", name="uq_authenticators_position"),
        sa.Index("ix_authenticators_account_id", "account_id"),
    )
    # SQLite adds no constraint to a table: it is copied. PostgreSQL alters it in place.
    with op.batch_alter_table("authenticators", copy_from=before) as table:
        table.add_column(
            sa.Column("state", TEXT, nullable=False, server_default=sa.text("'active'"))
        )
        table.add_column(sa.Column("pending_sealed", BYTES, nullable=True))
        table.add_column(sa.Column("pending_until", NUMBER, nullable=True))
        table.add_column(sa.Column("paired_at", NUMBER, nullable=True))
        table.add_column(sa.Column("signs_from", NUMBER, nullable=True))
        table.create_check_constraint(
            op.f("ck_authenticators_state"), "state IN ('pending', 'active')"
        )
        table.create_check_constraint(
            op.f("ck_authenticators_pending"),
            "(state = 'pending') = (pending_sealed IS NOT NULL)"
            " AND (pending_sealed IS NULL) = (pending_until IS NULL)",
        )


def _throttles() -> None:
    before = sa.Table(
        "throttles",
        sa.MetaData(),
        sa.Column("subject", TEXT, nullable=False),
        sa.Column("failures", NUMBER, nullable=False),
        sa.Column("locked_until", NUMBER, nullable=True),
        sa.CheckConstraint("failures > 0", name="ck_throttles_failures"),
        sa.PrimaryKeyConstraint("subject", name="pk_throttles"),
    )
    with op.batch_alter_table("throttles", copy_from=before) as table:
        table.drop_constraint(op.f("ck_throttles_failures"), type_="check")
        table.add_column(sa.Column("spent_until", NUMBER, nullable=True))
        table.create_check_constraint(op.f("ck_throttles_failures"), "failures >= 0")
