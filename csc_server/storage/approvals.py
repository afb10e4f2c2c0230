"""Approvals out of band: the port ``Approvals`` on a database.

Each step is a conditional UPDATE on the state (``policies.lifecycle.APPROVAL``); who comes second
changes nothing and is told so.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from csc_server.ports import NewAuthorization
from csc_server.ports.messages import NewMessage
from csc_server.storage import authorizations, messages, rows, tables, transitions
from csc_server.storage.approval_tables import OPEN_APPROVAL
from csc_server.storage.approval_tables import approvals as table
from csc_server.storage.database import Database
from csc_server.storage.tables import constant
from csc_server.storage.units import Row, Sql
from policies import approvals as rules
from policies import errors
from policies.algorithms import HashAlgorithm
from policies.approvals import Approval
from policies.audit import Event, EventType, Outcome
from policies.lifecycle import APPROVAL, ApprovalEvent, ApprovalState
from policies.secret import ApprovalHandle, Sad
from policies.values import (
    AccountId,
    ApprovalId,
    Principal,
    microseconds_from_utc,
    utc_from_microseconds,
)

_c: Final = table.c
_KEY: Final = _c.approval_id == sa.bindparam("key")
_OF_ACCOUNT: Final = _c.account_id == sa.bindparam("owner")
_IN_TIME: Final = _c.expires_at > sa.bindparam("now")
_WAITS: Final = _c.state == constant(ApprovalState.PENDING)
_GRANTED: Final = sa.exists().where(
    tables.grants.c.grant_id == _c.grant_id, tables.grants.c.revoked_at.is_(None)
)
_APPROVAL: Final = (
    _c.approval_id,
    _c.account_id,
    _c.client_id,
    _c.grant_id,
    _c.jkt,
    _c.credential_id,
    _c.hash_oid,
    _c.digests,
    _c.description,
    _c.state,
    _c.asked_at,
    _c.expires_at,
    _c.sad_id,
)
_FIND: Final = sa.select(*_APPROVAL).where(_KEY, _GRANTED)
_BY_HANDLE: Final = sa.select(*_APPROVAL).where(
    _c.handle_digest == sa.bindparam("handle"), _GRANTED
)
_WAITING: Final = (
    sa.select(*_APPROVAL)
    .where(_OF_ACCOUNT, _WAITS, _IN_TIME, _GRANTED)
    .order_by(_c.asked_at, _c.approval_id)
)
_COUNT_WAITING: Final = sa.select(sa.func.count()).where(_OF_ACCOUNT, _WAITS, _IN_TIME, _GRANTED)
_COUNT_LATELY: Final = sa.select(sa.func.count()).where(
    _OF_ACCOUNT, _c.client_id == sa.bindparam("client"), _c.asked_at > sa.bindparam("since")
)
_INSERT: Final = table.insert()
_APPROVE: Final = transitions.move(
    table, APPROVAL[ApprovalEvent.APPROVE], _KEY, _IN_TIME, _GRANTED
).values(sad_id=sa.bindparam("sad"), expires_at=sa.bindparam("until"))
_REFUSE: Final = transitions.move(table, APPROVAL[ApprovalEvent.REFUSE], _KEY, _IN_TIME)
_COLLECT: Final = transitions.move(table, APPROVAL[ApprovalEvent.COLLECT], _KEY, _IN_TIME, _GRANTED)
_EXPIRE: Final = transitions.move(table, APPROVAL[ApprovalEvent.EXPIRE], _KEY)
_OVERDUE: Final = (
    sa.select(_c.approval_id, _c.account_id, _c.client_id, _c.credential_id)
    .where(OPEN_APPROVAL, _c.expires_at <= sa.bindparam("now"))
    .order_by(_c.expires_at)
    .limit(sa.bindparam("most", type_=sa.BigInteger()))
)
_FORGET: Final = table.delete().where(~OPEN_APPROVAL, _c.expires_at <= sa.bindparam("before"))


class SqlApprovals:
    """The port ``Approvals`` on a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def ask(
        self, new: Approval, handle: ApprovalHandle, mail: NewMessage, events: Sequence[Event]
    ) -> None:
        """See ``Approvals``."""
        account_id, client_id = new.principal.account_id, new.principal.client_id
        waiting = {"owner": account_id, "now": microseconds_from_utc(new.asked_at)}
        since = microseconds_from_utc(new.asked_at - rules.HOUR)
        lately = {"owner": account_id, "client": client_id, "since": since}

        def unit(sql: Sql) -> None:
            [[waits]], [[asked]] = (
                sql.rows(_COUNT_WAITING, waiting),
                sql.rows(_COUNT_LATELY, lately),
            )
            rules.admit(waits, asked)
            sql.change(_INSERT, _columns(new, handle))
            messages.insert(sql, [mail])
            sql.audit(events)

        await self._database.write(unit)

    async def find(self, approval_id: ApprovalId) -> Approval | None:
        """See ``Approvals``."""
        if not rows.storable(approval_id):
            return None
        row = await self._database.row(_FIND, {"key": approval_id})
        return _value(row) if row else None

    async def by_handle(self, handle: ApprovalHandle) -> Approval | None:
        """See ``Approvals``."""
        row = await self._database.row(_BY_HANDLE, {"handle": handle.digest()})
        return _value(row) if row else None

    async def waiting(self, account_id: AccountId, now: datetime) -> list[Approval]:
        """See ``Approvals``."""
        keys = {"owner": account_id, "now": microseconds_from_utc(now)}
        return [_value(row) for row in await self._database.read(lambda s: s.rows(_WAITING, keys))]

    async def approve(
        self,
        approval_id: ApprovalId,
        new: NewAuthorization,
        now: datetime,
        events: Sequence[Event],
    ) -> None:
        """See ``Approvals``."""
        answer = {
            "key": approval_id,
            "now": microseconds_from_utc(now),
            "sad": new.authorization.sad_id,
            "until": microseconds_from_utc(new.authorization.expires_at),
        }

        def unit(sql: Sql) -> None:
            # The SAD first: the answer names it.
            authorizations.issue(sql, new, now)
            _answer(sql, _APPROVE, answer)
            sql.audit(events)

        await self._database.write(unit)

    async def refuse(self, approval_id: ApprovalId, now: datetime, events: Sequence[Event]) -> None:
        """See ``Approvals``."""
        answer = {"key": approval_id, "now": microseconds_from_utc(now)}

        def unit(sql: Sql) -> None:
            _answer(sql, _REFUSE, answer)
            sql.audit(events)

        await self._database.write(unit)

    async def collect(
        self, approval: Approval, sad: Sad, now: datetime, events: Sequence[Event]
    ) -> None:
        """See ``Approvals``."""
        keys = {"key": approval.approval_id, "now": microseconds_from_utc(now)}
        jkt = approval.principal.jkt

        def unit(sql: Sql) -> None:
            if not sql.change(_COLLECT, keys):
                raise errors.HandleUnknown("collected, or over")
            if not authorizations.hand_over(sql, approval.sad_id, sad.digest(), jkt, now):
                raise errors.HandleUnknown("its SAD is over, or revoked")
            sql.audit(events)

        await self._database.write(unit)

    async def expire(self, now: datetime, limit: int) -> int:
        """See ``Approvals``."""
        keys = {"now": microseconds_from_utc(now), "most": limit}
        before = {"before": microseconds_from_utc(now - rules.KEPT)}

        def unit(sql: Sql) -> int:
            overdue = sql.rows(_OVERDUE, keys)
            if overdue:
                sql.change_many(_EXPIRE, [{"key": row[0]} for row in overdue])
            sql.change(_FORGET, before)
            sql.audit(_expired(row, now) for row in overdue)
            return len(overdue)

        return await self._database.write(unit)


def _answer(sql: Sql, statement: Any, keys: dict[str, Any]) -> None:
    if not sql.change(statement, keys):
        raise errors.AuthorizationRequestGone("answered, over, or its grant has ended")


def _columns(new: Approval, handle: ApprovalHandle) -> dict[str, Any]:
    said = new.description
    return {
        "approval_id": new.approval_id,
        "handle_digest": handle.digest(),
        "account_id": new.principal.account_id,
        "client_id": new.principal.client_id,
        "grant_id": new.principal.grant_id,
        "jkt": new.principal.jkt,
        "credential_id": new.credential_id,
        "hash_oid": new.hash_algorithm.oid,
        "digests": b"".join(new.hashes),
        "description": None if said is None else said.encode("utf-8", "surrogatepass"),
        "state": new.state,
        "asked_at": microseconds_from_utc(new.asked_at),
        "expires_at": microseconds_from_utc(new.expires_at),
        "sad_id": None,
    }


def _value(row: Row) -> Approval:
    approval_id, account_id, client_id, grant_id, jkt, credential_id, oid, digests, *rest = row
    said, state, asked_at, expires_at, sad_id = rest
    algorithm = HashAlgorithm.of_oid(oid)
    size = algorithm.digest_bytes
    return Approval(
        approval_id=approval_id,
        principal=Principal(account_id, client_id, grant_id, jkt),
        credential_id=credential_id,
        hash_algorithm=algorithm,
        hashes=tuple(digests[at : at + size] for at in range(0, len(digests), size)),
        description=None if said is None else said.decode("utf-8", "surrogatepass"),
        state=ApprovalState(state),
        asked_at=utc_from_microseconds(asked_at),
        expires_at=utc_from_microseconds(expires_at),
        sad_id=sad_id,
    )


def _expired(row: Row, now: datetime) -> Event:
    approval_id, account_id, client_id, credential_id = row
    details = {
        "approval_id": approval_id,
        "account_id": account_id,
        "client_id": client_id,
        "credential_id": credential_id,
    }
    return Event(EventType.APPROVAL_EXPIRED, Outcome.SUCCESS, now, "system", details)
