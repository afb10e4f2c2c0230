"""Asynchronous work by digest of its handle: the port ``Jobs``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from csc_server.ports.documents import NewJob
from csc_server.storage.database import Database
from csc_server.storage.document_tables import jobs as table
from csc_server.storage.tables import constant
from csc_server.storage.units import Row, Sql
from policies import codec
from policies.audit import Event
from policies.jobs import Job, JobState, SigningResult
from policies.secret import ResponseId
from policies.values import AccountId, ClientId, microseconds_from_utc, utc_from_microseconds

_INSERT: Final = table.insert()
_OF_DIGEST: Final = table.c.response_digest == sa.bindparam("digest")
_FIND: Final = sa.select(
    table.c.account_id,
    table.c.client_id,
    table.c.state,
    table.c.finish_by,
    table.c.kept_until,
    table.c.result,
).where(_OF_DIGEST)
_FINISH: Final = (
    table.update()
    .where(
        _OF_DIGEST,
        table.c.state == constant(JobState.ACCEPTED),
        table.c.finish_by > sa.bindparam("now"),
    )
    .values(state=sa.bindparam("outcome"), result=sa.bindparam("content"))
)
_OVER: Final = (
    sa.select(table.c.response_digest)
    .where(table.c.kept_until <= sa.bindparam("now"))
    .order_by(table.c.kept_until)
    .limit(sa.bindparam("most", type_=sa.BigInteger()))
)
_FORGET: Final = table.delete().where(_OF_DIGEST)


class SqlJobs:
    """The port ``Jobs`` on a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def accept(self, new: NewJob, now: datetime) -> None:
        """Afterwards polls know the job."""
        job = new.job
        row = {
            "response_digest": new.response_id.digest(),
            "account_id": job.account_id,
            "client_id": job.client_id,
            "state": job.state,
            "result": None,
            "created_at": microseconds_from_utc(now),
            "finish_by": microseconds_from_utc(job.finish_by),
            "kept_until": microseconds_from_utc(job.kept_until),
        }
        await self._database.write(lambda sql: sql.change(_INSERT, row))

    async def finish(
        self,
        response_id: ResponseId,
        result: SigningResult | None,
        now: datetime,
        events: Sequence[Event] = (),
    ) -> None:
        """The job ended, with a result or without; nothing changes when its time is over."""
        changes = {
            "digest": response_id.digest(),
            "now": microseconds_from_utc(now),
            "outcome": (JobState.FAILED if result is None else JobState.DONE).value,
            "content": None if result is None else codec.encode(result),
        }

        def unit(sql: Sql) -> None:
            sql.change(_FINISH, changes)
            sql.audit(events)

        await self._database.write(unit)

    async def find(self, response_id: ResponseId) -> Job | None:
        """The job with this id."""
        row = await self._database.row(_FIND, {"digest": response_id.digest()})
        return _job(row) if row else None

    async def forget(self, now: datetime, limit: int) -> int:
        """Drop at most ``limit`` jobs whose time is over; how many."""
        keys = {"now": microseconds_from_utc(now), "most": limit}

        def unit(sql: Sql) -> int:
            over = [{"digest": digest} for [digest] in sql.rows(_OVER, keys)]
            if over:
                sql.change_many(_FORGET, over)
            return len(over)

        return await self._database.write(unit)


def _job(row: Row) -> Job:
    account_id, client_id, state, finish_by, kept_until, result = row
    return Job(
        account_id=AccountId(account_id),
        client_id=ClientId(client_id),
        state=JobState(state),
        finish_by=utc_from_microseconds(finish_by),
        kept_until=utc_from_microseconds(kept_until),
        result=None if result is None else codec.reader(SigningResult)(codec.decode(result)),
    )
