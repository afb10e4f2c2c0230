"""The table of approvals out of band. No statement stands here."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from csc_server.storage.tables import BYTES, INSTANT, TEXT, check, metadata, one_of
from policies.algorithms import HashAlgorithm
from policies.lifecycle import APPROVAL, ApprovalEvent, ApprovalState

approvals: Final = sa.Table(
    "approvals",
    metadata,
    sa.Column("approval_id", TEXT, primary_key=True),
    sa.Column("handle_digest", BYTES, nullable=False, unique=True, doc="SHA-256 of the handle"),
    sa.Column("account_id", TEXT, sa.ForeignKey("accounts.account_id"), nullable=False),
    sa.Column("client_id", TEXT, nullable=False),
    sa.Column("grant_id", TEXT, sa.ForeignKey("grants.grant_id"), nullable=False),
    sa.Column("jkt", TEXT, doc="thumbprint of the key that it is bound to"),
    sa.Column("credential_id", TEXT, sa.ForeignKey("credentials.credential_id"), nullable=False),
    sa.Column("hash_oid", TEXT, nullable=False),
    sa.Column("digests", BYTES, nullable=False, doc="one after the other, in order"),
    sa.Column("description", BYTES, doc="UTF-8; a stranger's text may hold what TEXT may not"),
    sa.Column("state", TEXT, nullable=False),
    sa.Column("asked_at", INSTANT, nullable=False),
    sa.Column("expires_at", INSTANT, nullable=False, doc="of the answer, then of the SAD"),
    sa.Column("sad_id", TEXT, sa.ForeignKey("authorizations.sad_id")),
    check("state", ApprovalState),
    check("hash_oid", (algorithm.oid for algorithm in HashAlgorithm)),
    sa.CheckConstraint(
        "state NOT IN ('approved', 'collected') OR sad_id IS NOT NULL", name="answered"
    ),
)

OPEN_APPROVAL: Final = one_of(approvals.c.state, APPROVAL[ApprovalEvent.EXPIRE])
"""Requests that time can still end."""

sa.Index("ix_approvals_account_id", approvals.c.account_id, approvals.c.asked_at)
sa.Index("ix_approvals_expires_at", approvals.c.expires_at)
