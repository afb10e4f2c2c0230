"""How signers' keys end: the port ``Tombstones``.

A tombstone is written in the transaction that disables the key, so from then on no signature can
be begun with it, whatever the device still holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from csc_server.ports.messages import NewMessage
from csc_server.storage import credentials, messages, tables
from csc_server.storage.certificate_tables import certificates
from csc_server.storage.database import Database
from csc_server.storage.key_tables import NOT_DESTROYED
from csc_server.storage.key_tables import tombstones as table
from csc_server.storage.order_tables import RENEWS, orders
from csc_server.storage.tables import constant
from csc_server.storage.units import Row, Sql
from policies.audit import Event
from policies.key_ends import DyingCertificate, DyingKey, KeyEnd, Tombstone
from policies.orders import OrderState
from policies.revocation import CertificateState
from policies.values import (
    AccountId,
    CredentialId,
    microseconds_from_utc,
    utc_from_microseconds,
)

_credential: Final = tables.credentials
_TOMBSTONE: Final = (
    table.c.key_id,
    table.c.public_key_digest,
    table.c.cause,
    table.c.buried_at,
)
_KEY: Final = table.c.key_id == sa.bindparam("key")
# Said beside the condition of the index, which is wider.
_WORKED_OFF: Final = orders.c.state == constant(OrderState.ISSUED)
_DUE: Final = (
    sa.select(
        _credential.c.credential_id,
        _credential.c.key_id,
        _credential.c.public_key,
        certificates.c.serial,
        certificates.c.account_id,
        certificates.c.state,
        certificates.c.not_after,
        sa.exists().where(orders.c.replaces == certificates.c.serial, RENEWS, _WORKED_OFF),
    )
    .select_from(
        _credential.outerjoin(
            certificates,
            sa.and_(
                certificates.c.credential_id == _credential.c.credential_id,
                certificates.c.certificate.is_not(None),
            ),
        )
    )
    .where(_credential.c.key_until < sa.bindparam("now"))
    .order_by(_credential.c.key_until)
    .limit(sa.bindparam("most", type_=sa.BigInteger()))
)
_NEXT: Final = sa.select(
    sa.func.coalesce(sa.func.max(table.c.position), 0) + sa.literal_column("1")
)
_FIND: Final = sa.select(table.c.position).where(_KEY)
_INSERT: Final = table.insert()
_WITH_KEY: Final = sa.select(_credential.c.credential_id).where(
    _credential.c.key_id == sa.bindparam("key")
)
_END_KEY: Final = (
    _credential.update()
    .where(_credential.c.credential_id == sa.bindparam("key"))
    .values(wrapped=sa.null(), key_until=sa.null())
)
_DOOMED: Final = (
    sa.select(*_TOMBSTONE)
    .where(NOT_DESTROYED)
    .order_by(table.c.position)
    .limit(sa.bindparam("most", type_=sa.BigInteger()))
)
_DESTROYED: Final = (
    table.update().where(_KEY, NOT_DESTROYED).values(destroyed_at=sa.bindparam("now"))
)
_AFTER: Final = (
    sa.select(table.c.position, *_TOMBSTONE)
    .where(table.c.position > sa.bindparam("position"))
    .order_by(table.c.position)
    .limit(sa.bindparam("most", type_=sa.BigInteger()))
)


class SqlTombstones:
    """The port ``Tombstones`` on a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def due(self, now: datetime, limit: int) -> list[DyingKey]:
        """Keys whose time is over and that nobody buried yet, at most so many."""
        values = {"now": microseconds_from_utc(now), "most": limit}
        found = await self._database.read(lambda sql: sql.rows(_DUE, values))
        return [
            DyingKey(CredentialId(credential_id), key_id, public_key, _certificate(rest))
            for credential_id, key_id, public_key, *rest in found
        ]

    async def bury(
        self,
        key: DyingKey,
        tombstone: Tombstone,
        events: Sequence[Event],
        mails: Sequence[NewMessage] = (),
    ) -> None:
        """Afterwards the key is disabled for good, its blob gone, its open SADs dead."""

        def unit(sql: Sql) -> None:
            if insert(sql, tombstone):
                _end(sql, key.credential_id)
                messages.insert(sql, mails)
                sql.audit(events)

        await self._database.write(unit)

    async def doomed(self, limit: int) -> list[Tombstone]:
        """Of keys that the device has not destroyed yet, the oldest first, at most so many."""
        found = await self._database.read(lambda sql: sql.rows(_DOOMED, {"most": limit}))
        return [_tombstone(row) for row in found]

    async def destroyed(self, key_id: bytes, now: datetime, events: Sequence[Event]) -> None:
        """Afterwards the key counts as destroyed. Changes nothing the second time."""
        values = {"key": key_id, "now": microseconds_from_utc(now)}

        def unit(sql: Sql) -> None:
            if sql.change(_DESTROYED, values):
                sql.audit(events)

        await self._database.write(unit)

    async def after(self, position: int, limit: int) -> list[tuple[int, Tombstone]]:
        """Tombstones with their positions, those after this one, in order, at most so many."""
        values = {"position": position, "most": limit}
        found = await self._database.read(lambda sql: sql.rows(_AFTER, values))
        return [(row[0], _tombstone(row[1:])) for row in found]

    async def restore(self, lost: Sequence[Tombstone], events: Sequence[Event]) -> int:
        """Put back tombstones that the database does not know; how many those were."""

        def unit(sql: Sql) -> int:
            count = 0
            for tombstone in lost:
                if insert(sql, tombstone):
                    count += 1
                    for [credential_id] in sql.rows(_WITH_KEY, {"key": tombstone.key_id}):
                        _end(sql, CredentialId(credential_id))
            if count:
                sql.audit(events)
            return count

        return await self._database.write(unit)


def insert(sql: Sql, tombstone: Tombstone) -> bool:
    """Write a tombstone; part of a unit. False when the key has one."""
    if sql.one(_FIND, {"key": tombstone.key_id}) is not None:
        return False
    [position] = sql.rows(_NEXT)[0]
    row = {
        "key_id": tombstone.key_id,
        "position": position,
        "public_key_digest": tombstone.public_key_digest,
        "cause": tombstone.cause,
        "buried_at": microseconds_from_utc(tombstone.buried_at),
        "destroyed_at": None,
    }
    sql.change(_INSERT, row)
    return True


def _end(sql: Sql, credential_id: CredentialId) -> None:
    credentials.disable(sql, credential_id)
    sql.change(_END_KEY, {"key": credential_id})


def _certificate(columns: Sequence[Any]) -> DyingCertificate | None:
    serial, account_id, state, not_after, replaced = columns
    if serial is None:
        return None
    return DyingCertificate(
        serial,
        AccountId(account_id) if account_id else None,
        CertificateState(state),
        utc_from_microseconds(not_after),
        bool(replaced),
    )


def _tombstone(row: Row) -> Tombstone:
    key_id, digest, cause, buried_at = row
    return Tombstone(key_id, digest, KeyEnd(cause), utc_from_microseconds(buried_at))
