"""Browser sessions: the port ``Sessions``, and ``end_all`` for whoever changes a factor."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from csc_server.storage import session_tables
from csc_server.storage.database import Database
from csc_server.storage.tables import constant
from csc_server.storage.units import Row, Sql
from policies import sessions
from policies.audit import Event
from policies.sessions import End, Session, SessionId, Stage
from policies.values import AccountId, microseconds_from_utc, utc_from_microseconds

_table: Final = session_tables.sessions
_c: Final = _table.c
_COLUMNS: Final = (
    _c.session_id,
    _c.digest,
    _c.stage,
    _c.account_id,
    _c.opened_at,
    _c.seen_at,
    _c.ends_at,
    _c.proved_at,
    _c.source,
    _c.device,
    _c.ended,
    _c.data,
)
_CHANGING: Final = _COLUMNS[1:10] + _COLUMNS[11:]
"""What a replacement changes: all but the identifier and the end."""
_OPEN: Final = _c.ended.is_(None)
_INSERT: Final = _table.insert()
_FIND: Final = sa.select(*_COLUMNS).where(_c.digest == sa.bindparam("key"))
_TOUCH: Final = (
    _table.update()
    .where(_c.session_id == sa.bindparam("key"), _OPEN)
    .values(seen_at=sa.bindparam("now"))
)
_KEEP: Final = (
    _table.update()
    .where(_c.session_id == sa.bindparam("key"))
    .values(data=sa.bindparam("new_data"))
)
_REPLACE: Final = (
    _table.update()
    .where(_c.digest == sa.bindparam("old"), _OPEN)
    .values({column.name: sa.bindparam(f"new_{column.name}") for column in _CHANGING})
)
_END: Final = (
    _table.update()
    .where(_c.session_id == sa.bindparam("key"), _OPEN)
    .values(ended=sa.bindparam("reason"), ended_at=sa.bindparam("now"))
)
_END_ALL: Final = (
    _table.update()
    .where(_c.account_id == sa.bindparam("owner"), _c.digest != sa.bindparam("but"), _OPEN)
    .values(ended=sa.bindparam("reason"), ended_at=sa.bindparam("now"))
)
_OF_ACCOUNT: Final = (
    sa.select(*_COLUMNS)
    .where(
        _c.account_id == sa.bindparam("owner"),
        _c.stage == constant(Stage.SIGNED_IN),
        _c.ends_at > sa.bindparam("now"),
        _c.seen_at > sa.bindparam("idle_since"),
        _OPEN,
    )
    .order_by(_c.seen_at.desc(), _c.session_id)
)
_PURGE: Final = _table.delete().where(_c.ends_at < sa.bindparam("before"))


def end_all(
    sql: Sql,
    account_id: AccountId,
    now: datetime,
    but: bytes | None = None,
    reason: End = End.SECURITY,
) -> None:
    """End every session of the account in this unit of work, except the one of digest ``but``."""
    values = {
        "owner": account_id,
        # No digest is empty: SHA-256 has 32 bytes.
        "but": but or b"",
        "reason": reason,
        "now": microseconds_from_utc(now),
    }
    sql.change(_END_ALL, values)


class SqlSessions:
    """The port ``Sessions`` on a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def open(self, session: Session, events: Sequence[Event]) -> None:
        """Afterwards the session exists."""

        def unit(sql: Sql) -> None:
            sql.change(_INSERT, _row(session))
            sql.audit(events)

        await self._database.write(unit)

    async def find(self, digest: bytes) -> Session | None:
        """The session with this digest, also when it is over."""
        row = await self._database.row(_FIND, {"key": digest})
        return _session(row) if row else None

    async def touch(self, session_id: SessionId, now: datetime) -> None:
        """Afterwards the session counts as used at ``now``, unless it was ended."""
        values = {"key": session_id, "now": microseconds_from_utc(now)}
        await self._database.write(lambda sql: sql.change(_TOUCH, values))

    async def keep(self, session_id: SessionId, data: Mapping[str, str]) -> None:
        """Afterwards the session holds exactly this data."""
        values = {"key": session_id, "new_data": json.dumps(dict(data))}
        await self._database.write(lambda sql: sql.change(_KEEP, values))

    async def replace(self, old: bytes, new: Session, events: Sequence[Event]) -> bool:
        """The session of digest ``old`` becomes ``new``; False when it is not there any more."""
        values = {f"new_{name}": value for name, value in _row(new).items()}
        del values["new_session_id"], values["new_ended"], values["new_ended_at"]

        def unit(sql: Sql) -> bool:
            if not sql.change(_REPLACE, {"old": old, **values}):
                return False
            sql.audit(events)
            return True

        return await self._database.write(unit)

    async def end(
        self, session_id: SessionId, reason: End, now: datetime, events: Sequence[Event]
    ) -> None:
        """Afterwards the session is over; the first reason counts."""
        values = {"key": session_id, "reason": reason, "now": microseconds_from_utc(now)}

        def unit(sql: Sql) -> None:
            if sql.change(_END, values):
                sql.audit(events)

        await self._database.write(unit)

    async def of_account(self, account_id: AccountId, now: datetime) -> list[Session]:
        """The signed-in sessions that still count, the one used last first."""
        values = {
            "owner": account_id,
            "now": microseconds_from_utc(now),
            "idle_since": microseconds_from_utc(now - sessions.IDLE),
        }
        found = await self._database.read(lambda sql: sql.rows(_OF_ACCOUNT, values))
        return [_session(row) for row in found]

    async def end_others(
        self, account_id: AccountId, but: bytes, now: datetime, events: Sequence[Event]
    ) -> None:
        """Afterwards only the session of digest ``but`` is open."""

        def unit(sql: Sql) -> None:
            end_all(sql, account_id, now, but, End.ENDED_ELSEWHERE)
            sql.audit(events)

        await self._database.write(unit)

    async def purge(self, now: datetime) -> int:
        """Remove sessions that were over for long; how many."""
        values = {"before": microseconds_from_utc(now - sessions.KEPT)}
        return await self._database.write(lambda sql: sql.change(_PURGE, values))


def _row(session: Session) -> dict[str, Any]:
    proved = session.proved_at
    return {
        "session_id": session.session_id,
        "digest": session.digest,
        "stage": session.stage,
        "account_id": session.account_id,
        "opened_at": microseconds_from_utc(session.opened_at),
        "seen_at": microseconds_from_utc(session.seen_at),
        "ends_at": microseconds_from_utc(session.ends_at),
        "proved_at": microseconds_from_utc(proved) if proved else None,
        "source": session.source,
        "device": session.device,
        "ended": session.end,
        "ended_at": None,
        "data": json.dumps(dict(session.data)),
    }


def _session(row: Row) -> Session:
    name, digest, stage, owner, opened, seen, ends, proved, source, device, ended, data = row
    return Session(
        session_id=SessionId(name),
        digest=digest,
        stage=Stage(stage),
        account_id=AccountId(owner) if owner else None,
        opened_at=utc_from_microseconds(opened),
        seen_at=utc_from_microseconds(seen),
        ends_at=utc_from_microseconds(ends),
        proved_at=utc_from_microseconds(proved) if proved is not None else None,
        source=source,
        device=device,
        end=End(ended) if ended else None,
        data=json.loads(data),
    )
