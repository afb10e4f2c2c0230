"""Requests to an authority elsewhere: the port ``CaRequests``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from csc_server.ports.ca import CaRequest
from csc_server.storage import certificates, credentials, orders, tombstones
from csc_server.storage.ca_tables import OPEN
from csc_server.storage.ca_tables import requests as table
from csc_server.storage.certificate_tables import certificates as register
from csc_server.storage.database import Database
from csc_server.storage.order_tables import WAITING
from csc_server.storage.order_tables import orders as order_table
from csc_server.storage.tables import constant
from csc_server.storage.units import Row, Sql
from hsm.interface import BindingClaim
from pki.ports import Registered, Reservation, Serial
from policies import codec
from policies.audit import Event
from policies.key_ends import KeyEnd, Tombstone
from policies.orders import OrderId
from policies.revocation import CertificateState
from policies.values import Credential, microseconds_from_utc, utc_from_microseconds

_REQUEST: Final = (
    table.c.username,
    table.c.password,
    table.c.claim,
    table.c.request,
    table.c.profile,
    table.c.order_id,
    table.c.begun_at,
)
_KEY: Final = table.c.username == sa.bindparam("key")
_INSERT: Final = table.insert()
_OF_ORDER: Final = sa.select(*_REQUEST).where(table.c.order_id == sa.bindparam("order"), OPEN)
_FIND: Final = sa.select(*_REQUEST).where(_KEY, OPEN)
_ADOPTED: Final = (
    table.update()
    .where(_KEY, OPEN)
    .values(
        ended_at=sa.bindparam("now"),
        password=sa.null(),
        claim=sa.null(),
        serial=sa.bindparam("number"),
        told=constant(CertificateState.ISSUED),
    )
)
_GIVEN_UP: Final = (
    table.update()
    .where(_KEY, OPEN)
    .values(ended_at=sa.bindparam("now"), password=sa.null(), claim=sa.null())
)
_FORGOTTEN: Final = (
    sa.select(*_REQUEST)
    .where(
        OPEN,
        table.c.begun_at <= sa.bindparam("before"),
        ~sa.exists().where(order_table.c.order_id == table.c.order_id, WAITING),
    )
    .order_by(table.c.begun_at)
    .limit(sa.bindparam("most", type_=sa.BigInteger()))
)
_UNTOLD: Final = (
    sa.select(register.c.moved, *certificates.LINE)
    .join(table, table.c.serial == register.c.serial)
    .where(register.c.moved > sa.bindparam("after"), table.c.told != register.c.state)
    .order_by(register.c.moved)
    .limit(sa.bindparam("most", type_=sa.BigInteger()))
)
_TOLD: Final = (
    table.update()
    .where(table.c.serial == sa.bindparam("number"))
    .values(told=sa.bindparam("state"))
)
_read_claim: Final = codec.reader(BindingClaim)


class SqlCaRequests:
    """The port ``CaRequests`` on a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, request: CaRequest, events: Sequence[Event]) -> None:
        """Afterwards the request is on record, durably; its key belongs to it."""
        row = {
            "username": request.username,
            "order_id": request.order_id,
            "profile": request.profile,
            "password": request.password,
            "claim": codec.encode(request.claim),
            "request": request.request,
            "begun_at": microseconds_from_utc(request.begun_at),
            "ended_at": None,
            "serial": None,
            "told": None,
        }

        def unit(sql: Sql) -> None:
            sql.change(_INSERT, row)
            certificates.name_key(sql, request.claim.key_ref.key_id)
            sql.audit(events)

        await self._database.write(unit)

    async def of_order(self, order_id: OrderId) -> CaRequest | None:
        """The request of this order that has no end yet."""
        row = await self._database.row(_OF_ORDER, {"order": order_id})
        return _request(row) if row else None

    async def adopt(
        self,
        username: str,
        line: Reservation,
        certificate: bytes,
        credential: Credential,
        order_id: OrderId | None,
        now: datetime,
        events: Sequence[Event],
    ) -> None:
        """Afterwards the certificate is in the register, with its credential; the order is done.

        Raises:
            OrderNotSo: The order is done or cancelled already. Nothing is stored then.
        """
        values = {"key": username, "now": microseconds_from_utc(now), "number": line.serial}

        def unit(sql: Sql) -> None:
            certificates.insert_issued(sql, line, certificate, now)
            credentials.insert(sql, credential, now)
            if order_id is not None:
                orders.finish(sql, order_id, credential.credential_id, line.serial)
            if not sql.change(_ADOPTED, values):
                raise LookupError(username)
            sql.audit(events)

        await self._database.write(unit)

    async def give_up(self, username: str, now: datetime) -> None:
        """Afterwards the request has ended without a certificate; its key gets a tombstone."""

        def unit(sql: Sql) -> None:
            row = sql.one(_FIND, {"key": username})
            if row is not None:
                key_ref = _request(row).claim.key_ref
                tombstones.insert(sql, Tombstone(key_ref.key_id, b"", KeyEnd.ABANDONED, now))
                sql.change(_GIVEN_UP, {"key": username, "now": microseconds_from_utc(now)})

        await self._database.write(unit)

    async def forgotten(self, before: datetime, limit: int) -> list[CaRequest]:
        """Requests begun before, without an end, for which no order waits; at most so many."""
        values = {"before": microseconds_from_utc(before), "most": limit}
        found = await self._database.read(lambda sql: sql.rows(_FORGOTTEN, values))
        return [_request(row) for row in found]

    async def untold(self, after: int, limit: int) -> list[tuple[int, Registered]]:
        """Certificates in another state than their authority was told, moved after this number."""
        values = {"after": after, "most": limit}
        found = await self._database.read(lambda sql: sql.rows(_UNTOLD, values))
        return [(row[0], certificates.line_of(row[1:])) for row in found]

    async def told(self, serial: Serial, state: CertificateState) -> None:
        """The authority knows this state."""
        values = {"number": serial, "state": state}
        await self._database.write(lambda sql: sql.change(_TOLD, values))


def _request(row: Row) -> CaRequest:
    username, password, claim, request, profile, order_id, begun_at = row
    return CaRequest(
        username=username,
        password=password,
        claim=_read_claim(codec.decode(claim)),
        request=request,
        profile=profile,
        order_id=OrderId(order_id) if order_id else None,
        begun_at=utc_from_microseconds(begun_at),
    )
