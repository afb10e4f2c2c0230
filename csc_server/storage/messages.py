"""Mails and SMS on their way: rows with leases.

``insert`` is called by other stores inside their units, so that a message and its cause stand or
fall together.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import orjson

from csc_server.ports.messages import NewMessage
from csc_server.storage import message_tables
from csc_server.storage.units import Sql
from policies.delivery import MessageState
from policies.values import microseconds_from_utc

_message: Final = message_tables.messages
_INSERT: Final = _message.insert()


def insert(sql: Sql, messages: Sequence[NewMessage]) -> None:
    """Afterwards the messages wait for delivery, if the unit's transaction is committed."""
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
