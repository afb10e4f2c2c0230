"""Codes by SMS that approve a signature: sent, counted, used up. The port ``SigningCodes``.

``use`` and ``count`` are parts of units of ``storage.authorizations``.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from csc_server.ports.messages import NewMessage
from csc_server.ports.signing_codes import NewSigningCode
from csc_server.storage import messages, rows, sent_codes, tables, throttles
from csc_server.storage.database import Database
from csc_server.storage.people_tables import signing_codes as table
from csc_server.storage.units import Sql
from policies import errors, throttle
from policies import signing_codes as rules
from policies.audit import Event
from policies.signing_codes import SendFacts, SigningCode
from policies.sms_budget import SmsLimits
from policies.values import (
    CredentialId,
    StampedCode,
    microseconds_from_utc,
    utc_from_microseconds,
)

_c: Final = table.c
_KEY: Final = _c.code_id == sa.bindparam("key")
_LATEST: Final = (
    sa.select(_c.code_id, _c.expires_at, _c.mac, _c.sent_at, _c.tries, _c.used_at)
    .where(_c.credential_id == sa.bindparam("credential"))
    .order_by(_c.sent_at.desc(), _c.code_id)
    .limit(1)
)
_CREDENTIAL: Final = sa.select(*rows.CREDENTIAL).where(
    tables.credentials.c.credential_id == sa.bindparam("credential")
)
_INSERT: Final = table.insert()
_COUNT: Final = table.update().where(_KEY).values(tries=_c.tries + sa.literal_column("1"))
_USE: Final = (
    table.update()
    .where(
        _KEY,
        _c.used_at.is_(None),
        _c.tries < sa.literal_column(str(rules.TRIES)),
        _c.expires_at > sa.bindparam("now"),
    )
    .values(used_at=sa.bindparam("now"))
)


class SqlSigningCodes:
    """The port ``SigningCodes`` on a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def facts(
        self, credential_id: CredentialId, phone: str | None, now: datetime
    ) -> SendFacts:
        """See ``SigningCodes``."""
        if not rows.storable(credential_id):
            return SendFacts(None, throttle.CLEAR, None, (), ())

        def unit(sql: Sql) -> SendFacts:
            row = sql.one(_CREDENTIAL, {"credential": credential_id})
            found = rows.credential(row) if row else None
            owner = found.account_id if found else ""
            to_number, for_owner = sent_codes.lately(sql, phone or "", owner, now)
            return SendFacts(
                found,
                throttles.find(sql, throttles.sms(credential_id)),
                latest(sql, credential_id),
                to_number,
                for_owner,
            )

        return await self._database.read(unit)

    async def send(
        self, new: NewSigningCode, message: NewMessage, limits: SmsLimits, events: Sequence[Event]
    ) -> int | None:
        """See ``SigningCodes``."""
        now, credential_id = new.sent_at, new.credential_id
        row = {
            "code_id": new.stamped.code_id,
            "account_id": new.account_id,
            "credential_id": credential_id,
            "destination": new.destination,
            "mac": new.stamped.mac,
            "sent_at": microseconds_from_utc(now),
            "expires_at": microseconds_from_utc(new.stamped.expires_at),
            "tries": 0,
            "used_at": None,
        }

        def unit(sql: Sql) -> int | None:
            if throttle.blocked(throttles.find(sql, throttles.sms(credential_id)), now):
                raise errors.OtpLocked(credential_id)
            if not rules.due(latest(sql, credential_id), limits.gap, now):
                return None
            sent_codes.admit_sms(sql, new.destination, new.account_id, limits.gap, now)
            sms_today = messages.insert_sms(sql, message, limits.per_day)
            sql.change(_INSERT, row)
            sql.audit(events)
            return sms_today

        return await self._database.write(unit)


def latest(sql: Sql, credential_id: CredentialId) -> SigningCode | None:
    """The code of a credential that went out last."""
    row = sql.one(_LATEST, {"credential": credential_id})
    if row is None:
        return None
    code_id, expires_at, mac, sent_at, tries, used_at = row
    stamped = StampedCode(code_id, utc_from_microseconds(expires_at), mac)
    return SigningCode(stamped, utc_from_microseconds(sent_at), tries, used_at is not None)


def use(sql: Sql, code_id: str, now: datetime) -> None:
    """Part of a unit: afterwards the code is used up.

    Raises:
        OtpReplayed: It was used before, its tries were used up meanwhile, or it is over.
    """
    if not sql.change(_USE, {"key": code_id, "now": microseconds_from_utc(now)}):
        raise errors.OtpReplayed(f"code {code_id}")


def count(sql: Sql, code_id: str) -> None:
    """Part of a unit: one more wrong guess at this code."""
    sql.change(_COUNT, {"key": code_id})
