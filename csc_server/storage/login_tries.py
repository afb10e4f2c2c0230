"""Tries at passwords by place and name: the port ``LoginTries``, and parts of units for the stores
that log people in.

What a place's tries mean is ``policies.spray``. The functions run inside the caller's transaction,
so that tries sent in parallel count one after the other.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

import sqlalchemy as sa

from csc_server.ports import LoginTry
from csc_server.storage import paces
from csc_server.storage.database import Database
from csc_server.storage.pace_tables import login_names as table
from csc_server.storage.units import Sql
from policies import spray
from policies.spray import FailedLogins, Seen
from policies.values import microseconds_from_utc

_NAME: Final = (table.c.place == sa.bindparam("key"), table.c.name == sa.bindparam("typed"))
_RECENT: Final = table.c.tried_at > sa.bindparam("since")
_FAILED: Final = table.c.opened == sa.literal_column("0")
_ONE: Final[sa.ColumnElement[int]] = sa.literal_column("1")
_AGAIN: Final = table.update().where(*_NAME).values(tried_at=sa.bindparam("now"))
_OPENED: Final = table.update().where(*_NAME).values(tried_at=sa.bindparam("now"), opened=_ONE)
_INSERT: Final = table.insert()
_COUNT: Final = sa.select(
    sa.func.count(), sa.func.coalesce(sa.func.sum(table.c.opened), sa.literal_column("0"))
).where(table.c.place == sa.bindparam("key"), _RECENT)
_PLACES: Final = (
    sa.select(sa.func.count().label("failed")).where(_FAILED, _RECENT).group_by(table.c.place)
).subquery()
_ALL: Final = sa.select(
    sa.func.coalesce(sa.func.sum(_PLACES.c.failed), sa.literal_column("0")),
    sa.func.coalesce(
        sa.func.sum(
            sa.case((_PLACES.c.failed > sa.bindparam("most"), _ONE), else_=sa.literal_column("0"))
        ),
        sa.literal_column("0"),
    ),
)
_FORGET: Final = table.delete().where(table.c.tried_at <= sa.bindparam("since"))


class SqlLoginTries:
    """The port ``LoginTries`` on a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def numbers(self, most_names: int, now: datetime) -> FailedLogins:
        """How the logins of all places are."""
        row = await self._database.row(_ALL, {"since": _since(now), "most": most_names})
        names, places = row or (0, 0)
        return FailedLogins(int(names), int(places))

    async def forget(self, now: datetime) -> None:
        """Afterwards what lies outside the window is forgotten."""
        await self._database.write(lambda sql: sql.change(_FORGET, {"since": _since(now)}))


def failed(sql: Sql, tried: LoginTry, now: datetime) -> None:
    """Count a failure of the place, and of all; write what it shows. Nobody is refused here."""
    _see(sql, tried, now, opened=False)
    paces.count(sql, tried.pace, now)
    count, opened = sql.rows(_COUNT, {"key": tried.place, "since": _since(now)})[0]
    seen = Seen(int(count) - int(opened), int(opened))
    until = spray.refused_until(now)
    if spray.sprayed(seen, tried.most_names) and paces.drain(sql, tried.pace, now, until):
        sql.audit([tried.sprayed])
    if not paces.count(sql, tried.of_all, now) and paces.count(sql, spray.told(), now):
        sql.audit([tried.flooded])


def opened(sql: Sql, tried: LoginTry, now: datetime) -> None:
    """Remember that the place got in under this name."""
    _see(sql, tried, now, opened=True)


def _see(sql: Sql, tried: LoginTry, now: datetime, *, opened: bool) -> None:
    keys = {"key": tried.place, "typed": tried.name, "now": microseconds_from_utc(now)}
    if not sql.change(_OPENED if opened else _AGAIN, keys):
        row = {
            "place": tried.place,
            "name": tried.name,
            "opened": int(opened),
            "tried_at": keys["now"],
        }
        sql.change(_INSERT, row)


def _since(now: datetime) -> int:
    return microseconds_from_utc(now - spray.WINDOW)
