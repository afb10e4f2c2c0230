"""How often each subject did something, for all processes together: the port ``Paces``.

What a bucket is worth is ``policies.pacing``. The functions are parts of units and run inside the
caller's transaction, so that calls sent in parallel count one after the other.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

import sqlalchemy as sa

from csc_server.storage.database import Database
from csc_server.storage.pace_tables import paces as table
from csc_server.storage.tables import INSTANT
from csc_server.storage.units import Sql
from policies import pacing
from policies.pacing import Pace
from policies.values import microseconds_from_utc, utc_from_microseconds

_KEY: Final = table.c.digest == sa.bindparam("key")
_FIND: Final = sa.select(table.c.full_at).where(_KEY)
# The arithmetic of ``pacing.taken``: the hot path has one statement to spare, not two.
_TAKE: Final = (
    table.update()
    .where(_KEY, table.c.full_at <= sa.bindparam("last_full"))
    .values(
        full_at=sa.case(
            (table.c.full_at > sa.bindparam("now"), table.c.full_at + sa.bindparam("step")),
            else_=sa.bindparam("first", type_=INSTANT),
        )
    )
)
_INSERT: Final = table.insert()
_DRAIN: Final = (
    table.update()
    .where(_KEY, table.c.full_at <= sa.bindparam("ordinary"))
    .values(full_at=sa.bindparam("full"))
)
_FORGET: Final = table.delete().where(table.c.full_at <= sa.bindparam("before"))


class SqlPaces:
    """The port ``Paces`` on a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def admit(self, pace: Pace, now: datetime) -> None:
        """Return while the subject may go on; takes nothing. One read.

        Raises:
            RateLimited: Too often lately.
        """
        row = await self._database.row(_FIND, {"key": pace.key})
        pacing.admit(pace, utc_from_microseconds(row[0]) if row else None, now)

    async def take(self, pace: Pace, now: datetime) -> None:
        """Let the subject go on once more, and count it.

        Raises:
            RateLimited, ClientTooFast: Too often lately; nothing is counted.
        """
        await self._database.write(lambda sql: take(sql, pace, now))

    async def count(self, pace: Pace, now: datetime) -> None:
        """Count one more, as long as there is something to take."""
        await self._database.write(lambda sql: count(sql, pace, now))

    async def used_up(self, pace: Pace, now: datetime) -> bool:
        """True when nothing can be taken. One read."""
        row = await self._database.row(_FIND, {"key": pace.key})
        return row is not None and utc_from_microseconds(row[0]) > pace.last_full(now)

    async def forget(self, now: datetime) -> None:
        """Afterwards buckets that were full for long are forgotten."""
        before = {"before": microseconds_from_utc(now - pacing.KEPT)}
        await self._database.write(lambda sql: sql.change(_FORGET, before))


def admit(sql: Sql, pace: Pace, now: datetime) -> None:
    """A part of units: return while the subject may go on.

    Raises:
        RateLimited, ClientTooFast: Too often lately.
    """
    row = sql.one(_FIND, {"key": pace.key})
    pacing.admit(pace, utc_from_microseconds(row[0]) if row else None, now)


def take(sql: Sql, pace: Pace, now: datetime) -> None:
    """A part of units: take one.

    Raises:
        RateLimited, ClientTooFast: There is none; nothing changed.
    """
    if not count(sql, pace, now):
        raise pace.refusal()


def count(sql: Sql, pace: Pace, now: datetime) -> bool:
    """A part of units: take one if there is one. False, and nothing changed: there is none."""
    first = microseconds_from_utc(pacing.taken(pace, None, now))
    instant = microseconds_from_utc(now)
    keys = {
        "key": pace.key,
        "last_full": microseconds_from_utc(pace.last_full(now)),
        "now": instant,
        "step": first - instant,
        "first": first,
    }
    if sql.change(_TAKE, keys):
        return True
    if sql.one(_FIND, {"key": pace.key}):
        return False
    sql.change(_INSERT, {"digest": pace.key, "full_at": first})
    return True


def drain(sql: Sql, pace: Pace, now: datetime, until: datetime) -> bool:
    """A part of units: nothing can be taken before ``until``. False: it was drained already.

    Args:
        until: Later than the pace's window alone could make it.
    """
    full_at = microseconds_from_utc(pace.last_full(until))
    ordinary = microseconds_from_utc(now + pace.limit.window)
    if sql.change(_DRAIN, {"key": pace.key, "full": full_at, "ordinary": ordinary}):
        return True
    if sql.one(_FIND, {"key": pace.key}):
        return False
    sql.change(_INSERT, {"digest": pace.key, "full_at": full_at})
    return True
