"""The tables of the signing service, as SQLAlchemy Core metadata.

One description for SQLite and PostgreSQL. Only types that both drivers hand over unchanged are
used (text, 64-bit integers, bytes), so that statements can be compiled once to text and run
without the toolkit. Instants are microseconds since 1970 UTC. No statement stands here.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa

from policies.algorithms import HashAlgorithm, KeyAlgorithm
from policies.audit import Outcome
from policies.factors import OFFERED
from policies.lifecycle import SAD, OccurrenceState, SadEvent, SadState
from policies.tokens import Scope, TokenKind, TokenType
from policies.values import AccountState, CredentialState

# Bytewise order on both engines: prefixes can be searched as ranges, and comparing is cheap.
TEXT: Final = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INSTANT: Final = sa.BigInteger()
NUMBER: Final = sa.BigInteger()
BYTES: Final = sa.LargeBinary()

metadata: Final = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def constant(value: str) -> sa.ColumnElement[str]:
    """A word of our own enumerations, written into the statement's text.

    Unlike a bound value it lets both planners use the partial index on open SADs.
    """
    if not value.replace(".", "").replace("-", "").replace("_", "").isalnum():
        raise ValueError(f"not a plain word: {value!r}")
    return sa.literal_column(f"'{value}'", sa.Text())


def one_of(column: Any, words: Iterable[str]) -> sa.ColumnElement[bool]:
    """True where ``column`` is one of these words."""
    is_one: sa.ColumnElement[bool] = column.in_([constant(word) for word in words])
    return is_one


def check(column: str, words: Iterable[str] | type[StrEnum]) -> sa.CheckConstraint:
    """The column holds one of these words."""
    listed = ", ".join(f"'{word}'" for word in words)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=column)


accounts = sa.Table(
    "accounts",
    metadata,
    sa.Column("account_id", TEXT, primary_key=True),
    sa.Column("position", NUMBER, nullable=False, unique=True, doc="order of creation"),
    sa.Column("username", TEXT, nullable=False, unique=True),
    sa.Column("password_hash", TEXT, nullable=False),
    sa.Column("state", TEXT, nullable=False),
    sa.Column("created_at", INSTANT, nullable=False),
    check("state", AccountState),
)

authenticators = sa.Table(
    "authenticators",
    metadata,
    sa.Column("authenticator_id", TEXT, primary_key=True),
    sa.Column("position", NUMBER, nullable=False, unique=True, doc="order of creation"),
    sa.Column("account_id", TEXT, sa.ForeignKey("accounts.account_id"), nullable=False, index=True),
    sa.Column("sealed", BYTES, nullable=False, doc="empty while pending: the old seed is dead"),
    sa.Column("last_used_step", NUMBER, nullable=False),
    sa.Column("created_at", INSTANT, nullable=False),
    sa.Column("state", TEXT, nullable=False, server_default=sa.text("'active'")),
    sa.Column("pending_sealed", BYTES, doc="a seed that was shown and not proved yet"),
    sa.Column("pending_until", INSTANT),
    sa.Column("paired_at", INSTANT, doc="when a code first proved a seed paired on the web"),
    sa.Column("signs_from", INSTANT, doc="NULL: nothing to wait for"),
    check("state", ("pending", "active")),
    sa.CheckConstraint(
        "(state = 'pending') = (pending_sealed IS NOT NULL)"
        " AND (pending_sealed IS NULL) = (pending_until IS NULL)",
        name="pending",
    ),
)

throttles = sa.Table(
    "throttles",
    metadata,
    sa.Column("subject", TEXT, primary_key=True, doc="login:ACCOUNT|..., pin:ID, otp:ID"),
    sa.Column("failures", NUMBER, nullable=False),
    sa.Column("locked_until", INSTANT),
    sa.Column("spent_until", INSTANT, doc="how much of the year's guesses is spent"),
    sa.CheckConstraint("failures >= 0", name="failures"),
)

credentials = sa.Table(
    "credentials",
    metadata,
    sa.Column("credential_id", TEXT, primary_key=True),
    sa.Column("position", NUMBER, nullable=False, unique=True, doc="order of creation"),
    sa.Column("account_id", TEXT, sa.ForeignKey("accounts.account_id"), nullable=False, index=True),
    sa.Column("description", TEXT, nullable=False),
    sa.Column("key_id", BYTES, nullable=False),
    sa.Column("wrapped", BYTES),
    sa.Column("key_algorithm", TEXT, nullable=False),
    sa.Column("public_key", BYTES, nullable=False),
    sa.Column("certificates", BYTES, nullable=False, doc="DER, each after its length"),
    sa.Column("subject_organization", TEXT),
    sa.Column("subject_common_name", TEXT),
    sa.Column("not_before", INSTANT),
    sa.Column("not_after", INSTANT),
    sa.Column("state", TEXT, nullable=False),
    sa.Column("factors", TEXT, nullable=False, doc="sorted, separated by commas"),
    sa.Column("multisign", NUMBER, nullable=False),
    sa.Column("authenticator_id", TEXT, sa.ForeignKey("authenticators.authenticator_id")),
    sa.Column("pin_verifier", BYTES),
    sa.Column("binding", BYTES, nullable=False),
    sa.Column("created_at", INSTANT, nullable=False),
    sa.Column("key_until", INSTANT, doc="last instant of the key; NULL: it has a tombstone"),
    check("state", CredentialState),
    check("key_algorithm", (algorithm.label for algorithm in KeyAlgorithm)),
    check("factors", (",".join(sorted(one)) for one in OFFERED)),
    sa.CheckConstraint("multisign >= 1", name="multisign"),
    sa.CheckConstraint(
        "(subject_common_name IS NULL) = (not_before IS NULL)"
        " AND (subject_common_name IS NULL) = (not_after IS NULL)",
        name="certificate_facts",
    ),
)

# Keys that still have to end; without the years of those that have.
KEY_ALIVE: Final = credentials.c.key_until.is_not(None)
sa.Index(
    "ix_credentials_key_until",
    credentials.c.key_until,
    sqlite_where=KEY_ALIVE,
    postgresql_where=KEY_ALIVE,
)
sa.Index("ix_credentials_key_id", credentials.c.key_id)

grants = sa.Table(
    "grants",
    metadata,
    sa.Column("grant_id", TEXT, primary_key=True),
    sa.Column("account_id", TEXT, sa.ForeignKey("accounts.account_id"), doc="none: the client's"),
    sa.Column("client_id", TEXT, nullable=False),
    sa.Column("created_at", INSTANT, nullable=False),
    sa.Column("revoked_at", INSTANT),
    sa.Index("ix_grants_account_id", "account_id", "client_id"),
)

tokens = sa.Table(
    "tokens",
    metadata,
    sa.Column("digest", BYTES, primary_key=True, doc="SHA-256 of the token"),
    sa.Column("grant_id", TEXT, sa.ForeignKey("grants.grant_id"), nullable=False),
    sa.Column("kind", TEXT, nullable=False),
    sa.Column("expires_at", INSTANT, nullable=False),
    sa.Column("revoked_at", INSTANT),
    sa.Column("scope", TEXT, nullable=False, server_default=Scope.SERVICE, doc="sorted, blanks"),
    sa.Column("token_type", TEXT, nullable=False, server_default=TokenType.BEARER),
    sa.Column("credential_id", TEXT, doc="of scope credential"),
    sa.Column("sad_id", TEXT, doc="the SAD that the token is the handle of"),
    sa.Column("jkt", TEXT, doc="thumbprint of the key that it is bound to"),
    sa.Column("rotated_at", INSTANT, doc="when a refresh token was exchanged"),
    check("kind", TokenKind),
    check("token_type", TokenType),
    sqlite_with_rowid=False,
)

authorizations = sa.Table(
    "authorizations",
    metadata,
    sa.Column("sad_id", TEXT, primary_key=True),
    sa.Column("handle_digest", BYTES, nullable=False, unique=True, doc="SHA-256 of the SAD"),
    sa.Column("root_id", TEXT, sa.ForeignKey("authorizations.sad_id"), nullable=False),
    sa.Column("account_id", TEXT, sa.ForeignKey("accounts.account_id"), nullable=False),
    sa.Column("client_id", TEXT, nullable=False),
    sa.Column("credential_id", TEXT, sa.ForeignKey("credentials.credential_id"), nullable=False),
    sa.Column("hash_oid", TEXT, nullable=False),
    sa.Column("state", TEXT, nullable=False),
    sa.Column("expires_at", INSTANT, nullable=False),
    sa.Column("hard_expires_at", INSTANT, nullable=False),
    sa.Column("open_ordinals", TEXT, nullable=False, doc="separated by commas"),
    sa.Column("record", BYTES, nullable=False),
    sa.Column("mac", BYTES, nullable=False),
    sa.Column("operation_id", TEXT, doc="who moved it to consuming"),
    sa.Column("grant_id", TEXT, doc="the grant under which it was approved"),
    sa.Column("jkt", TEXT, doc="thumbprint of the key that it is bound to"),
    check("state", SadState),
    check("hash_oid", (algorithm.oid for algorithm in HashAlgorithm)),
)

OPEN_SAD: Final = one_of(authorizations.c.state, SAD[SadEvent.EXPIRE])
"""SADs that time can still end."""

# Only open SADs are indexed, so that looking for expired ones does not grow with history.
sa.Index(
    "ix_authorizations_open",
    authorizations.c.expires_at,
    sqlite_where=OPEN_SAD,
    postgresql_where=OPEN_SAD,
)
sa.Index(
    "ix_authorizations_grant",
    authorizations.c.grant_id,
    sqlite_where=OPEN_SAD,
    postgresql_where=OPEN_SAD,
)

# What an account signed, the newest approval first; also how an account's signatures are counted.
sa.Index(
    "ix_authorizations_history",
    authorizations.c.account_id,
    authorizations.c.expires_at,
    authorizations.c.sad_id,
)

occurrences = sa.Table(
    "occurrences",
    metadata,
    sa.Column("root_id", TEXT, sa.ForeignKey("authorizations.sad_id"), primary_key=True),
    sa.Column("ordinal", NUMBER, primary_key=True, autoincrement=False),
    sa.Column("digest", BYTES, nullable=False),
    sa.Column("state", TEXT, nullable=False),
    sa.Column("operation_id", TEXT, doc="who reserved it"),
    sa.Column("reserved_at", INSTANT, doc="when; what the owner's history tells"),
    check("state", OccurrenceState),
    sqlite_with_rowid=False,
)

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("seq", NUMBER, primary_key=True, autoincrement=False),
    sa.Column("at", INSTANT, nullable=False),
    sa.Column("type", TEXT, nullable=False),
    sa.Column("outcome", TEXT, nullable=False),
    sa.Column("body", TEXT, nullable=False, doc="canonical JSON of the whole record"),
    sa.Column("previous", BYTES, nullable=False),
    sa.Column("hash", BYTES, nullable=False),
    check("outcome", Outcome),
    sqlite_with_rowid=False,
)

audit_head = sa.Table(
    "audit_head",
    metadata,
    sa.Column("id", NUMBER, primary_key=True, autoincrement=False),
    sa.Column("seq", NUMBER, nullable=False),
    sa.Column("hash", BYTES, nullable=False),
    sa.CheckConstraint("id = 1", name="one_row"),
)
