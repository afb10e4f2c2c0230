"""The tables of people: profiles, registrations, links, codes sent. No statement stands here.

What an authenticator knows of its pairing stands in ``tables.authenticators``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import sqlalchemy as sa

from csc_server.storage.tables import BYTES, INSTANT, NUMBER, TEXT, metadata
from policies.codes import CodePurpose
from policies.links import LinkPurpose
from policies.messages import Language
from policies.second_factor import Deferral


def _words(column: str, words: Iterable[str]) -> sa.CheckConstraint:
    listed = ", ".join(f"'{word}'" for word in words)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=column)


profiles: Final = sa.Table(
    "profiles",
    metadata,
    sa.Column("account_id", TEXT, sa.ForeignKey("accounts.account_id"), primary_key=True),
    sa.Column("first_name", TEXT, nullable=False),
    sa.Column("last_name", TEXT, nullable=False),
    sa.Column("email", TEXT, nullable=False, doc="as typed"),
    sa.Column("email_key", TEXT, nullable=False, unique=True, doc="case folded"),
    sa.Column("phone", TEXT, nullable=False, doc="E.164"),
    sa.Column("proposed_phone", TEXT),
    sa.Column("language", TEXT, nullable=False),
    sa.Column("login_code", NUMBER, nullable=False, doc="1: codes are asked for at login"),
    sa.Column("deferral", TEXT, nullable=False),
    sa.Column("remind_on", TEXT, doc="ISO date"),
    sa.Column("privacy_version", TEXT),
    sa.Column("privacy_at", INSTANT),
    sa.Column("created_at", INSTANT, nullable=False),
    _words("language", Language),
    _words("deferral", Deferral),
    sa.CheckConstraint("login_code IN (0, 1)", name="login_code"),
    sa.CheckConstraint("(deferral = 'until') = (remind_on IS NOT NULL)", name="remind_on"),
    sa.CheckConstraint("(privacy_version IS NULL) = (privacy_at IS NULL)", name="privacy"),
)

registrations: Final = sa.Table(
    "registrations",
    metadata,
    sa.Column("registration_id", TEXT, primary_key=True),
    sa.Column("first_name", TEXT, nullable=False),
    sa.Column("last_name", TEXT, nullable=False),
    sa.Column("email", TEXT, nullable=False),
    sa.Column("phone", TEXT, nullable=False),
    sa.Column("phone_confirmed", NUMBER, nullable=False),
    sa.Column("language", TEXT, nullable=False),
    sa.Column("created_at", INSTANT, nullable=False),
    _words("language", Language),
    sa.CheckConstraint("phone_confirmed IN (0, 1)", name="phone_confirmed"),
)

sa.Index("ix_registrations_created_at", registrations.c.created_at)

links: Final = sa.Table(
    "links",
    metadata,
    sa.Column("digest", BYTES, primary_key=True, doc="SHA-256 of the token"),
    sa.Column("purpose", TEXT, nullable=False),
    sa.Column("subject", TEXT, nullable=False, doc="what it opens"),
    sa.Column("addressee", TEXT, nullable=False, doc="whose mails are counted"),
    sa.Column("created_at", INSTANT, nullable=False),
    sa.Column("expires_at", INSTANT, nullable=False),
    sa.Column("used_at", INSTANT),
    _words("purpose", LinkPurpose),
)

sa.Index("ix_links_created_at", links.c.created_at)
sa.Index("ix_links_addressee", links.c.addressee, links.c.purpose, links.c.created_at)

codes: Final = sa.Table(
    "codes",
    metadata,
    sa.Column("code_id", TEXT, primary_key=True),
    sa.Column("purpose", TEXT, nullable=False),
    sa.Column("owner", TEXT, nullable=False, doc="account or registration"),
    sa.Column("destination", TEXT, nullable=False, doc="mail address or phone number"),
    sa.Column("salt", BYTES, nullable=False),
    sa.Column("digest", BYTES, nullable=False),
    sa.Column("sent_at", INSTANT, nullable=False),
    sa.Column("tries", NUMBER, nullable=False, doc="wrong guesses"),
    sa.Column("used_at", INSTANT),
    _words("purpose", CodePurpose),
    sa.CheckConstraint("tries >= 0", name="tries"),
)

sa.Index("ix_codes_sent_at", codes.c.sent_at)
sa.Index("ix_codes_owner", codes.c.owner, codes.c.sent_at)
sa.Index("ix_codes_destination", codes.c.destination, codes.c.sent_at)

signing_codes: Final = sa.Table(
    "signing_codes",
    metadata,
    sa.Column("code_id", TEXT, primary_key=True),
    sa.Column("account_id", TEXT, sa.ForeignKey("accounts.account_id"), nullable=False),
    sa.Column("credential_id", TEXT, sa.ForeignKey("credentials.credential_id"), nullable=False),
    sa.Column("destination", TEXT, nullable=False, doc="phone number"),
    sa.Column("mac", BYTES, nullable=False, doc="by the HSM, over the code and its end"),
    sa.Column("sent_at", INSTANT, nullable=False),
    sa.Column("expires_at", INSTANT, nullable=False),
    sa.Column("tries", NUMBER, nullable=False, doc="wrong guesses"),
    sa.Column("used_at", INSTANT),
    sa.CheckConstraint("tries >= 0", name="tries"),
)
"""Codes by SMS that approve a signature."""

sa.Index("ix_signing_codes_sent_at", signing_codes.c.sent_at)
sa.Index("ix_signing_codes_credential_id", signing_codes.c.credential_id, signing_codes.c.sent_at)
sa.Index("ix_signing_codes_account_id", signing_codes.c.account_id, signing_codes.c.sent_at)
sa.Index("ix_signing_codes_destination", signing_codes.c.destination, signing_codes.c.sent_at)
