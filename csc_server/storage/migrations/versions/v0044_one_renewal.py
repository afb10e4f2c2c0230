"""A certificate is renewed by one order."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Orders tell which certificate they renew; of several that wait, the first is left."""
    op.add_column("certificate_orders", sa.Column("replaces", TEXT, nullable=True))
    rows = sa.text(
        "SELECT order_id, wish, state FROM certificate_orders"
        " WHERE state IN ('waiting', 'issued') ORDER BY state, created_at, order_id"
    )
    renewed: set[str] = set()
    for order_id, wish, state in op.get_bind().execute(rows).fetchall():
        serial = json.loads(bytes(wish))["replaces"]
        if serial is None:
            continue
        if serial not in renewed:
            renewed.add(serial)
            _change("replaces = :value", order_id, serial)
        elif state == "waiting":
            _change("state = :value", order_id, "cancelled")
    stands = sa.text("state IN ('waiting', 'issued')")
    op.create_index(
        "ix_certificate_orders_replaces",
        "certificate_orders",
        ["replaces"],
        unique=True,
        sqlite_where=stands,
        postgresql_where=stands,
    )


def _change(what: str, order_id: str, value: str) -> None:
    change = sa.text(f"UPDATE certificate_orders SET {what} WHERE order_id = :key")  # noqa: S608 - our own words
    op.get_bind().execute(change, {"value": value, "key": order_id})
