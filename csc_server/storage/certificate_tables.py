"""The register of certificates, and the numbers of revocation lists."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from csc_server.storage.tables import BYTES, INSTANT, NUMBER, TEXT, check, metadata, one_of
from policies.revocation import CertificateState, Reason

NOT_GOOD: Final = (CertificateState.SUSPENDED, CertificateState.REVOKED)
ISSUED: Final = (CertificateState.ISSUED, *NOT_GOOD)
"""Status is told of these. An abandoned one may exist, and counts as revoked."""

certificates = sa.Table(
    "certificates",
    metadata,
    sa.Column("serial", TEXT, primary_key=True, doc="hexadecimal"),
    sa.Column("position", NUMBER, nullable=False, unique=True, doc="order of reservation"),
    sa.Column("issuer_id", TEXT, nullable=False, doc="SHA-256 of the issuer's key"),
    sa.Column("profile", TEXT, nullable=False),
    sa.Column("state", TEXT, nullable=False),
    sa.Column("tbs", BYTES, nullable=False, doc="what was to be signed"),
    sa.Column("certificate", BYTES),
    sa.Column("account_id", TEXT, sa.ForeignKey("accounts.account_id"), index=True),
    # No foreign key: the reservation comes before the credential.
    sa.Column("credential_id", TEXT, index=True),
    sa.Column("not_before", INSTANT, nullable=False),
    sa.Column("not_after", INSTANT, nullable=False),
    sa.Column("reserved_at", INSTANT, nullable=False),
    sa.Column("ended_at", INSTANT, doc="suspended or revoked"),
    sa.Column("reason", TEXT),
    sa.Column("key_id", BYTES, doc="CKA_ID of a person's key"),
    sa.Column("public_key_digest", BYTES, unique=True, doc="SHA-256 of a person's public key"),
    sa.Column(
        "moved",
        NUMBER,
        nullable=False,
        server_default=sa.text("0"),
        doc="number of its last change; those who keep answers ask what came after",
    ),
    check("state", CertificateState),
    check("reason", Reason),
    sa.CheckConstraint(
        "(state IN ('suspended', 'revoked')) = (ended_at IS NOT NULL)"
        " AND (ended_at IS NULL) = (reason IS NULL)",
        name="ended",
    ),
    sa.CheckConstraint(
        "certificate IS NOT NULL OR state IN ('reserved', 'revoked')", name="issued"
    ),
)

sa.Index(
    "ix_certificates_not_good",
    certificates.c.issuer_id,
    sqlite_where=one_of(certificates.c.state, NOT_GOOD),
    postgresql_where=one_of(certificates.c.state, NOT_GOOD),
)
sa.Index(
    "ix_certificates_reserved",
    certificates.c.reserved_at,
    sqlite_where=one_of(certificates.c.state, [CertificateState.RESERVED]),
    postgresql_where=one_of(certificates.c.state, [CertificateState.RESERVED]),
)

sa.Index("ix_certificates_moved", certificates.c.moved, unique=True)

crl_numbers = sa.Table(
    "crl_numbers",
    metadata,
    sa.Column("issuer_id", TEXT, primary_key=True),
    sa.Column("number", NUMBER, nullable=False, doc="of the newest list"),
)
