"""Mails and SMS on their way: rows with leases.

``insert`` is called by other stores inside their units, so that a message and its cause stand or
fall together.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import orjson
import sqlalchemy as sa

from csc_server.ports.messages import Attempt, Claim, GivenUp, Leased, NewMessage
from csc_server.storage import message_tables
from csc_server.storage.database import Database
from csc_server.storage.tables import constant, one_of
from csc_server.storage.units import Row, Sql
from policies import delivery, sms_budget
from policies.delivery import MessageState, Next
from policies.messages import Channel, Language, MessageKind
from policies.values import AccountId, microseconds_from_utc, utc_from_microseconds

_message: Final = message_tables.messages
_INSERT: Final = _message.insert()
_TIME_HAS_COME: Final = (
    message_tables.OPEN_MESSAGE,
    _message.c.channel == sa.bindparam("of_channel"),
    _message.c.next_at <= sa.bindparam("now"),
    # During an upgrade a newer process may have written kinds that this one cannot put in words.
    one_of(_message.c.kind, [kind.word for kind in MessageKind]),
)
_ANY_DUE: Final = sa.select(_message.c.message_id).where(*_TIME_HAS_COME).limit(1)
_DUE: Final = (
    sa.select(
        _message.c.message_id,
        _message.c.kind,
        _message.c.recipient,
        _message.c.language,
        _message.c.facts,
        _message.c.account_id,
        _message.c.created_at,
        _message.c.expires_at,
        _message.c.attempts,
        _message.c.state,
        _message.c.next_at,
    )
    .where(*_TIME_HAS_COME)
    .order_by(_message.c.next_at)
    .limit(sa.bindparam("most"))
)
_AS_FOUND: Final = (
    _message.c.message_id == sa.bindparam("id"),
    _message.c.state == sa.bindparam("found_state"),
    _message.c.next_at == sa.bindparam("found_at"),
)
_LEASE: Final = (
    _message.update()
    .where(*_AS_FOUND)
    .values(
        state=constant(MessageState.SENDING),
        lease_id=sa.bindparam("lease"),
        next_at=sa.bindparam("until"),
        attempts=_message.c.attempts + sa.literal_column("1"),
    )
)
_SETTLED: Final = {
    "state": sa.bindparam("new_state"),
    "settled_at": sa.bindparam("now"),
    "lease_id": sa.null(),
    "facts": sa.null(),
}
_GIVE_UP: Final = _message.update().where(*_AS_FOUND).values(_SETTLED)
_MINE: Final = (
    _message.c.message_id == sa.bindparam("id"),
    _message.c.state == constant(MessageState.SENDING),
    _message.c.lease_id == sa.bindparam("lease"),
)
_SETTLE: Final = (
    _message.update()
    .where(*_MINE)
    .values({**_SETTLED, "reason": sa.bindparam("why"), "reference": sa.bindparam("theirs")})
)
_WAIT: Final = (
    _message.update()
    .where(*_MINE)
    .values(
        state=constant(MessageState.WAITING),
        lease_id=sa.null(),
        next_at=sa.bindparam("at"),
        reason=sa.bindparam("why"),
    )
)


_SMS_SINCE: Final = sa.select(sa.func.count()).where(
    _message.c.channel == constant(Channel.SMS), _message.c.created_at > sa.bindparam("since")
)


def insert(sql: Sql, mails: Sequence[NewMessage]) -> None:
    """Afterwards the mails wait for delivery, if the unit's transaction is committed.

    Raises:
        ValueError: One of them is an SMS, which has to be counted: ``insert_sms``.
    """
    if any(one.kind.channel is not Channel.MAIL for one in mails):
        raise ValueError("an SMS has to be counted")
    _insert(sql, mails)


def insert_sms(sql: Sql, message: NewMessage, per_day: int) -> int:
    """Likewise for an SMS; how many the whole service has sent within a day, this one included.

    Raises:
        SmsBudgetSpent: It sent ``per_day`` already. Nothing changed.
    """
    [[sent]] = sql.rows(_SMS_SINCE, {"since": _since(message.created_at)})
    sms_budget.admit(sent, per_day)
    _insert(sql, [message])
    return int(sent) + 1


def _insert(sql: Sql, messages: Sequence[NewMessage]) -> None:
    rows = [
        {
            "message_id": one.message_id,
            "kind": one.kind.word,
            "channel": one.kind.channel,
            "recipient": one.recipient,
            "language": one.language,
            "facts": orjson.dumps(dict(one.facts)).decode(),
            "account_id": one.account_id,
            "created_at": microseconds_from_utc(one.created_at),
            "expires_at": microseconds_from_utc(one.expires_at),
            "state": MessageState.WAITING,
            "attempts": 0,
            "next_at": microseconds_from_utc(one.created_at),
            "lease_id": None,
            "settled_at": None,
            "reason": None,
            "reference": None,
        }
        for one in messages
    ]
    if rows:
        sql.change_many(_INSERT, rows)


class SqlMessages:
    """The port ``Messages`` on a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(self, channel: Channel, lease_id: str, now: datetime, limit: int) -> Claim:
        """Lease at most ``limit`` messages whose time has come; settle those that must not go."""
        due = {"of_channel": channel, "now": microseconds_from_utc(now)}
        # Looked for often, found seldom: a read costs no commit and no place among the writers.
        if await self._database.row(_ANY_DUE, due) is None:
            return Claim()

        def unit(sql: Sql) -> Claim:
            to_send, given_up = [], []
            for row in sql.rows(_DUE, {**due, "most": limit}):
                match _take(sql, row, lease_id, now):
                    case Leased() as leased:
                        to_send.append(leased)
                    case GivenUp() as lost:
                        given_up.append(lost)
            return Claim(tuple(to_send), tuple(given_up))

        return await self._database.write(unit)

    async def sms_lately(self, now: datetime) -> int:
        """SMS of the whole service within ``sms_budget.WINDOW``."""
        row = await self._database.row(_SMS_SINCE, {"since": _since(now)})
        return int(row[0]) if row else 0

    async def record(self, leased: Leased, attempt: Attempt, then: Next, now: datetime) -> bool:
        """Write what came of an attempt; False when the lease was lost."""
        mine = {"id": leased.message.message_id, "lease": leased.lease_id, "why": attempt.reason}
        if then.at is not None:
            wait = {**mine, "at": microseconds_from_utc(then.at)}
            return await self._database.write(lambda sql: sql.change(_WAIT, wait) == 1)
        settle = {
            **mine,
            "new_state": then.state,
            "theirs": attempt.reference,
            "now": microseconds_from_utc(now),
        }
        return await self._database.write(lambda sql: sql.change(_SETTLE, settle) == 1)


def _since(now: datetime) -> int:
    return microseconds_from_utc(now - sms_budget.WINDOW)


def _take(sql: Sql, row: Row, lease_id: str, now: datetime) -> Leased | GivenUp | None:
    """Claim or settle one row, unless somebody changed it first."""
    message_id, kind = row[0], MessageKind.of_word(row[1])
    *_, expires_at, attempts, state, next_at = row
    found = {"id": message_id, "found_state": state, "found_at": next_at}
    expiry = utc_from_microseconds(expires_at)
    becomes = delivery.on_claim(kind, MessageState(state), now, expiry)
    message = _message_of(row) if becomes is MessageState.SENDING else None
    if message is None:
        ends = MessageState.FAILED if becomes is MessageState.SENDING else becomes
        settle = {**found, "new_state": ends, "now": microseconds_from_utc(now)}
        settled = sql.change(_GIVE_UP, settle) == 1
        return GivenUp(message_id, kind, ends) if settled else None
    until = now + delivery.LEASE[kind.channel]
    lease = {**found, "lease": lease_id, "until": microseconds_from_utc(until)}
    return Leased(message, lease_id, attempts + 1) if sql.change(_LEASE, lease) == 1 else None


def _message_of(row: Row) -> NewMessage | None:
    """The message; ``None`` when its facts are those of another release."""
    message_id, kind, recipient, language, facts, account_id, created_at, expires_at = row[:8]
    try:
        return NewMessage(
            message_id=message_id,
            kind=MessageKind.of_word(kind),
            recipient=recipient,
            language=Language(language),
            facts=orjson.loads(facts),
            account_id=AccountId(account_id) if account_id is not None else None,
            created_at=utc_from_microseconds(created_at),
            expires_at=utc_from_microseconds(expires_at),
        )
    except ValueError:
        return None
