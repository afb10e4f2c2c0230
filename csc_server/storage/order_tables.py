"""Orders of certificates."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from csc_server.storage.tables import BYTES, INSTANT, NUMBER, TEXT, check, metadata, one_of
from policies.orders import STANDING, OrderState

orders = sa.Table(
    "certificate_orders",
    metadata,
    sa.Column("order_id", TEXT, primary_key=True),
    sa.Column("account_id", TEXT, sa.ForeignKey("accounts.account_id"), nullable=False, index=True),
    sa.Column("source", TEXT, nullable=False, doc="who ordered: client:ID"),
    sa.Column("wish", BYTES, nullable=False, doc="JSON of policies.orders.Wish"),
    sa.Column("replaces", TEXT, doc="serial number of the certificate that is renewed"),
    sa.Column("state", TEXT, nullable=False),
    sa.Column("due_at", INSTANT, nullable=False),
    sa.Column("tries", NUMBER, nullable=False),
    sa.Column("leased_until", INSTANT, nullable=False, doc="0: nobody works at it"),
    sa.Column("created_at", INSTANT, nullable=False),
    sa.Column("credential_id", TEXT),
    sa.Column("serial", TEXT, index=True),
    sa.Column("reason", TEXT),
    check("state", OrderState),
    sa.CheckConstraint(
        "(state = 'issued') = (credential_id IS NOT NULL)"
        " AND (credential_id IS NULL) = (serial IS NULL)",
        name="issued",
    ),
    sa.CheckConstraint("(state = 'failed') = (reason IS NOT NULL)", name="failed"),
)

RENEWS: Final = one_of(orders.c.state, STANDING)
# A certificate is renewed once, whatever anybody does at the same time.
sa.Index(
    "ix_certificate_orders_replaces",
    orders.c.replaces,
    unique=True,
    sqlite_where=RENEWS,
    postgresql_where=RENEWS,
)
WAITING: Final = one_of(orders.c.state, [OrderState.WAITING])
sa.Index(
    "ix_certificate_orders_waiting",
    orders.c.due_at,
    sqlite_where=WAITING,
    postgresql_where=WAITING,
)
