"""Tables of the authorization server: clients, requests, codes, consents, used identifiers.

The columns of tokens, grants and SADs that it needs stand in ``tables``.
"""

from __future__ import annotations

import sqlalchemy as sa

from csc_server.storage.tables import BYTES, INSTANT, NUMBER, TEXT, check, metadata
from policies.oauth.clients import ClientAuth, Profile
from policies.oauth.values import RequestState

clients = sa.Table(
    "oauth_clients",
    metadata,
    sa.Column("client_id", TEXT, primary_key=True),
    sa.Column("name", TEXT, nullable=False),
    sa.Column("host", TEXT, nullable=False),
    sa.Column("redirect_uris", TEXT, nullable=False, doc="one a line, the default first"),
    sa.Column("grant_types", TEXT, nullable=False, doc="sorted, separated by blanks"),
    sa.Column("auth_method", TEXT, nullable=False),
    sa.Column("secret_digest", BYTES, doc="SHA-256 of the secret"),
    sa.Column("jwks", TEXT),
    sa.Column("scopes", TEXT, nullable=False, doc="sorted, separated by blanks"),
    sa.Column("require_pkce", NUMBER, nullable=False, doc="0 or 1, as all that begin so"),
    sa.Column("require_dpop", NUMBER, nullable=False),
    sa.Column("require_par", NUMBER, nullable=False),
    sa.Column("require_consent", NUMBER, nullable=False),
    sa.Column("profile", TEXT, nullable=False),
    sa.Column("account_id", TEXT, sa.ForeignKey("accounts.account_id")),
    sa.Column("par_per_minute", NUMBER, nullable=False),
    sa.Column("authorize_per_minute", NUMBER, nullable=False),
    sa.Column("failures_per_minute", NUMBER, nullable=False),
    sa.Column("created_at", INSTANT, nullable=False),
    sa.Column("from_file", NUMBER, nullable=False, doc="0 or 1: the file of clients rules it"),
    check("auth_method", ClientAuth),
    check("profile", Profile),
)

requests = sa.Table(
    "oauth_requests",
    metadata,
    sa.Column("request_id", TEXT, primary_key=True),
    sa.Column("client_id", TEXT, nullable=False),
    sa.Column("state", TEXT, nullable=False),
    sa.Column("uri_digest", BYTES, unique=True, doc="SHA-256 of the request_uri"),
    sa.Column("session_id", TEXT, doc="the browser session that brought it"),
    sa.Column("expires_at", INSTANT, nullable=False, index=True),
    sa.Column("body", TEXT, nullable=False, doc="the request as canonical JSON"),
    check("state", RequestState),
)

codes = sa.Table(
    "oauth_codes",
    metadata,
    sa.Column("digest", BYTES, primary_key=True, doc="SHA-256 of the code"),
    sa.Column(
        "request_id", TEXT, sa.ForeignKey("oauth_requests.request_id"), nullable=False, index=True
    ),
    sa.Column("account_id", TEXT, sa.ForeignKey("accounts.account_id"), nullable=False),
    sa.Column("grant_id", TEXT, nullable=False, doc="the grant that the code opens"),
    sa.Column("sad_id", TEXT, sa.ForeignKey("authorizations.sad_id")),
    sa.Column("expires_at", INSTANT, nullable=False),
    sa.Column("redeemed_at", INSTANT),
    sqlite_with_rowid=False,
)

consents = sa.Table(
    "oauth_consents",
    metadata,
    sa.Column("account_id", TEXT, sa.ForeignKey("accounts.account_id"), primary_key=True),
    sa.Column("client_id", TEXT, primary_key=True),
    sa.Column("scopes", TEXT, nullable=False, doc="sorted, separated by blanks"),
    sa.Column("given_at", INSTANT, nullable=False, doc="when the newest of them was given"),
    sa.Column("revoked_at", INSTANT),
    sqlite_with_rowid=False,
)

replays = sa.Table(
    "oauth_replays",
    metadata,
    sa.Column("digest", BYTES, primary_key=True, doc="SHA-256 of kind, owner and identifier"),
    sa.Column("until", INSTANT, nullable=False, index=True),
    sqlite_with_rowid=False,
)
