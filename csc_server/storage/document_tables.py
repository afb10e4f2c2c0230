"""The table of asynchronous work: signHash and signDoc with ``operationMode`` A."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from csc_server.storage.tables import BYTES, INSTANT, TEXT, metadata
from policies.jobs import JobState

_STATES: Final = ", ".join(f"'{state}'" for state in JobState)

jobs = sa.Table(
    "jobs",
    metadata,
    sa.Column("response_digest", BYTES, primary_key=True, doc="SHA-256 of the responseID"),
    sa.Column("account_id", TEXT, sa.ForeignKey("accounts.account_id"), nullable=False),
    sa.Column("client_id", TEXT, nullable=False),
    sa.Column("state", TEXT, nullable=False),
    sa.Column("result", BYTES, doc="JSON of policies.jobs.SigningResult"),
    sa.Column("created_at", INSTANT, nullable=False),
    sa.Column("finish_by", INSTANT, nullable=False),
    sa.Column("kept_until", INSTANT, nullable=False, index=True),
    sa.CheckConstraint(f"state IN ({_STATES})", name="state"),
    sa.CheckConstraint("(state = 'done') = (result IS NOT NULL)", name="result"),
    sqlite_with_rowid=False,
)
