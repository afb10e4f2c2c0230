"""What the embedded outbox delivered: the port ``Outbox``. Development only."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from csc_server.ports.messages import Kept
from csc_server.storage import message_tables
from csc_server.storage.database import Database
from csc_server.storage.units import Sql
from policies.values import microseconds_from_utc, utc_from_microseconds

_outbox: Final = message_tables.outbox
_FORGET: Final = _outbox.delete().where(_outbox.c.message_id == sa.bindparam("message_id"))
_INSERT: Final = _outbox.insert()
_LATEST: Final = (
    sa.select(_outbox.c.message_id, _outbox.c.sent_at, _outbox.c.content)
    .order_by(_outbox.c.sent_at.desc(), _outbox.c.message_id)
    .limit(sa.bindparam("most"))
)


class SqlOutbox:
    """The port ``Outbox`` on a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, kept: Kept) -> None:
        """Afterwards it can be read."""
        row = {
            "message_id": kept.message_id,
            "sent_at": microseconds_from_utc(kept.sent_at),
            "content": kept.content,
        }

        def unit(sql: Sql) -> None:
            sql.change(_FORGET, {"message_id": kept.message_id})
            sql.change(_INSERT, row)

        await self._database.write(unit)

    async def latest(self, limit: int) -> list[Kept]:
        """The newest first."""
        rows = await self._database.read(lambda sql: sql.rows(_LATEST, {"most": limit}))
        return [Kept(name, utc_from_microseconds(at), content) for name, at, content in rows]
