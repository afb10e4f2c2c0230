"""Keys of requests and their answers: the port ``Idempotency``."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import sqlalchemy as sa

from csc_server.storage import api_tables
from csc_server.storage.database import Database
from csc_server.storage.units import Sql
from policies import idempotency
from policies.idempotency import Kept
from policies.values import microseconds_from_utc, utc_from_microseconds

_table: Final = api_tables.idempotency
_KEY: Final = _table.c.key_digest == sa.bindparam("key")
_FIND: Final = sa.select(
    _table.c.request_digest, _table.c.claimed_at, _table.c.status, _table.c.body
).where(_KEY)
_INSERT: Final = _table.insert()
_KEEP: Final = (
    _table.update()
    .where(_KEY)
    .values(status=sa.bindparam("new_status"), body=sa.bindparam("new_body"))
)
_DROP: Final = _table.delete().where(_KEY)
_FORGET: Final = _table.delete().where(_table.c.claimed_at <= sa.bindparam("before"))


class SqlIdempotency:
    """The port ``Idempotency`` on a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(self, key: bytes, request_digest: bytes, now: datetime) -> Kept | None:
        """Claim the key, if it is free, and answer ``None``; else what is known of it."""
        row = {
            "key_digest": key,
            "request_digest": request_digest,
            "claimed_at": microseconds_from_utc(now),
            "status": None,
            "body": None,
        }

        def unit(sql: Sql) -> Kept | None:
            kept = _find(sql, key)
            if kept is not None and not idempotency.is_free(kept, now):
                return kept
            # The table holds a day of keys: whoever adds one takes the old ones away.
            sql.change(_FORGET, {"before": microseconds_from_utc(now - idempotency.KEPT)})
            sql.change(_DROP, {"key": key})
            sql.change(_INSERT, row)
            return None

        return await self._database.write(unit)

    async def keep(self, key: bytes, status: int, body: bytes) -> None:
        """The answer of a claimed key."""
        values = {"key": key, "new_status": status, "new_body": body}
        await self._database.write(lambda sql: sql.change(_KEEP, values))

    async def drop(self, key: bytes) -> None:
        """The request was refused: the key is free again."""
        await self._database.write(lambda sql: sql.change(_DROP, {"key": key}))


def _find(sql: Sql, key: bytes) -> Kept | None:
    row = sql.one(_FIND, {"key": key})
    if row is None:
        return None
    request_digest, claimed_at, status, body = row
    return Kept(request_digest, utc_from_microseconds(claimed_at), status, body)
