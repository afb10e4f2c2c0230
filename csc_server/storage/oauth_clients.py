"""The registered clients: the port ``ClientRegister``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from csc_server.ports.oauth import ClientTaken
from csc_server.storage import oauth_rows, oauth_tables, rows, tables, transitions
from csc_server.storage.database import Database
from csc_server.storage.units import Sql
from policies.audit import Event
from policies.oauth.clients import Client
from policies.values import ClientId, microseconds_from_utc

_table: Final = oauth_tables.clients
_FIND: Final = sa.select(*oauth_rows.CLIENT).where(_table.c.client_id == sa.bindparam("key"))
_ALL: Final = sa.select(*oauth_rows.CLIENT).order_by(_table.c.client_id)
_INSERT: Final = _table.insert()
_DELETE: Final = _table.delete().where(_table.c.client_id == sa.bindparam("key"))
_OWNED: Final = (
    tables.grants.c.client_id == sa.bindparam("client"),
    tables.grants.c.revoked_at.is_(None),
)
# An operator removes a client once in a blue moon: these two may read the whole table.
_ALL_SADS: Final = (
    sa.select(tables.authorizations.c.sad_id, tables.authorizations.c.root_id)
    .select_from(
        tables.authorizations.join(
            tables.grants, tables.grants.c.grant_id == tables.authorizations.c.grant_id
        )
    )
    .where(*_OWNED, tables.OPEN_SAD)
)
_END_ALL_GRANTS: Final = (
    tables.grants.update().where(*_OWNED).values(revoked_at=sa.bindparam("now"))
)


class SqlClients:
    """The port ``ClientRegister`` on a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, client_id: str) -> Client | None:
        """The client with exactly this id."""
        if not rows.storable(client_id):
            return None
        row = await self._database.row(_FIND, {"key": client_id})
        return oauth_rows.client(row)[0] if row else None

    async def all(self) -> list[Client]:
        """Every client, by id."""
        found = await self._database.read(lambda sql: sql.rows(_ALL))
        return [oauth_rows.client(row)[0] for row in found]

    async def add(self, client: Client, now: datetime, events: Sequence[Event]) -> None:
        """Afterwards the client is registered.

        Raises:
            ClientTaken: The id is in use.
        """

        def unit(sql: Sql) -> None:
            if sql.one(_FIND, {"key": client.client_id}):
                raise ClientTaken(client.client_id)
            sql.change(_INSERT, oauth_rows.client_columns(client, now, from_file=False))
            sql.audit(events)

        await self._database.write(unit)

    async def remove(self, client_id: ClientId, now: datetime, events: Sequence[Event]) -> bool:
        """Afterwards the client is gone with all that it had; False: not there, or of the file."""

        def unit(sql: Sql) -> bool:
            row = sql.one(_FIND, {"key": client_id})
            if row is None or oauth_rows.client(row)[1]:
                return False
            _remove(sql, client_id, now)
            sql.audit(events)
            return True

        return await self._database.write(unit)

    async def load(
        self, clients: Sequence[Client], now: datetime, events: Callable[[Client, bool], Event]
    ) -> None:
        """Afterwards the clients of the file are exactly these.

        Raises:
            ClientTaken: One of them was registered by an operator.
        """

        def unit(sql: Sql) -> None:
            known = {one.client_id: (one, of) for one, of in map(oauth_rows.client, sql.rows(_ALL))}
            wanted = {one.client_id for one in clients}
            for client in clients:
                old, from_file = known.get(client.client_id, (None, True))
                if not from_file:
                    raise ClientTaken(client.client_id)
                if old != client:
                    sql.change(_DELETE, {"key": client.client_id})
                    sql.change(_INSERT, oauth_rows.client_columns(client, now, from_file=True))
                    sql.audit([events(client, True)])
            for old, from_file in known.values():
                if from_file and old.client_id not in wanted:
                    _remove(sql, old.client_id, now)
                    sql.audit([events(old, False)])

        await self._database.write(unit)


def _remove(sql: Sql, client_id: ClientId, now: datetime) -> None:
    found = sql.rows(_ALL_SADS, {"client": client_id})
    if found:
        sql.change_many(transitions.REVOKE_SAD, [{"sad": row[0]} for row in found])
        sql.change_many(transitions.EXPIRE, [{"root": row[1]} for row in found])
    sql.change(_END_ALL_GRANTS, {"client": client_id, "now": microseconds_from_utc(now)})
    sql.change(_DELETE, {"key": client_id})
