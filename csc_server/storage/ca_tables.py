"""Requests to an authority elsewhere."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from csc_server.storage.tables import BYTES, INSTANT, TEXT, check, metadata
from policies.revocation import CertificateState

requests = sa.Table(
    "ca_requests",
    metadata,
    sa.Column("username", TEXT, primary_key=True, doc="of the end entity there"),
    sa.Column("order_id", TEXT, index=True),
    sa.Column("profile", TEXT, nullable=False),
    sa.Column("password", TEXT, doc="NULL once the request has ended"),
    sa.Column("claim", BYTES, doc="JSON of hsm.interface.BindingClaim; NULL likewise"),
    sa.Column("request", BYTES, nullable=False, doc="PKCS#10"),
    sa.Column("begun_at", INSTANT, nullable=False),
    sa.Column("ended_at", INSTANT),
    sa.Column("serial", TEXT, unique=True, doc="NULL: it ended without a certificate"),
    sa.Column("told", TEXT, doc="state of the certificate that the authority knows"),
    check("told", CertificateState),
    sa.CheckConstraint(
        "(ended_at IS NULL) = (claim IS NOT NULL) AND (claim IS NULL) = (password IS NULL)",
        name="ended",
    ),
    sa.CheckConstraint("(serial IS NULL) = (told IS NULL)", name="known"),
)

OPEN: Final = requests.c.ended_at.is_(None)
sa.Index("ix_ca_requests_open", requests.c.begun_at, sqlite_where=OPEN, postgresql_where=OPEN)
