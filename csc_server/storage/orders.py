"""Orders of certificates: the port ``Orders``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from csc_server.storage import tables
from csc_server.storage.certificate_tables import certificates
from csc_server.storage.database import Database
from csc_server.storage.order_tables import RENEWS, WAITING
from csc_server.storage.order_tables import orders as table
from csc_server.storage.rows import storable
from csc_server.storage.tables import constant
from csc_server.storage.units import Row, Sql
from policies import codec, errors
from policies.audit import Event, EventType, Outcome
from policies.orders import (
    LEASE,
    MOST_TRIES,
    POSTPONED,
    Facts,
    Order,
    OrderId,
    OrderState,
    Replaced,
    Wish,
    admit_renewal,
)
from policies.revocation import CertificateState
from policies.second_factor import PairingState
from policies.values import (
    AccountId,
    AccountState,
    CredentialId,
    microseconds_from_utc,
    utc_from_microseconds,
)

_ORDER: Final = (
    table.c.order_id,
    table.c.wish,
    table.c.state,
    table.c.due_at,
    table.c.created_at,
    table.c.credential_id,
    table.c.serial,
    table.c.reason,
)
_KEY: Final = table.c.order_id == sa.bindparam("key")
_ACCOUNT: Final = sa.select(tables.accounts.c.state).where(
    tables.accounts.c.account_id == sa.bindparam("account")
)
_PAIRED: Final = (
    sa.select(tables.authenticators.c.authenticator_id)
    .where(
        tables.authenticators.c.account_id == sa.bindparam("account"),
        tables.authenticators.c.state == constant(PairingState.ACTIVE),
    )
    .limit(1)
)
_REPLACED: Final = sa.select(
    certificates.c.account_id, certificates.c.state, certificates.c.not_after
).where(certificates.c.serial == sa.bindparam("serial"))
_RENEWAL: Final = sa.select(*_ORDER, table.c.source).where(
    table.c.replaces == sa.bindparam("serial"), RENEWS
)
_RENEWALS: Final = sa.select(table.c.replaces, table.c.due_at).where(
    table.c.account_id == sa.bindparam("account"), table.c.replaces.is_not(None), WAITING
)
_INSERT: Final = table.insert()
_FIND: Final = sa.select(*_ORDER, table.c.source, table.c.leased_until).where(_KEY)
_SOURCE: Final = sa.select(table.c.source).where(table.c.serial == sa.bindparam("key"))
_CANCEL: Final = (
    table.update()
    .where(_KEY, WAITING, table.c.leased_until <= sa.bindparam("now"))
    .values(state=constant(OrderState.CANCELLED))
)
_DUE: Final = (
    sa.select(*_ORDER, table.c.tries)
    .where(
        WAITING,
        table.c.due_at <= sa.bindparam("now"),
        table.c.leased_until <= sa.bindparam("now"),
    )
    .order_by(table.c.due_at, table.c.order_id)
    .limit(1)
)
_LEASE: Final = (
    table.update()
    .where(_KEY)
    .values(leased_until=sa.bindparam("until"), tries=sa.bindparam("count"))
)
_POSTPONE: Final = (
    table.update()
    .where(_KEY, WAITING)
    .values(leased_until=sa.bindparam("until"), tries=table.c.tries - sa.literal_column("1"))
)
_ISSUED: Final = (
    table.update()
    .where(_KEY, WAITING)
    .values(
        state=constant(OrderState.ISSUED),
        credential_id=sa.bindparam("credential"),
        serial=sa.bindparam("number"),
    )
)
_FAILED: Final = (
    table.update()
    .where(_KEY, WAITING)
    .values(state=constant(OrderState.FAILED), reason=sa.bindparam("why"))
)
_read_wish: Final = codec.reader(Wish)


class SqlOrders:
    """The port ``Orders`` on a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def facts(self, wish: Wish) -> Facts:
        """What the rules need, in one read."""

        def unit(sql: Sql) -> Facts:
            key = {"account": wish.account_id}
            state = sql.one(_ACCOUNT, key)
            replaced = renewal = None
            if wish.replaces is not None and storable(wish.replaces):
                replaced = sql.one(_REPLACED, {"serial": wish.replaces})
                renewal = sql.one(_RENEWAL, {"serial": wish.replaces})
            return Facts(
                account=AccountState(state[0]) if state else None,
                paired=sql.one(_PAIRED, key) is not None,
                replaced=_replaced(replaced) if replaced else None,
                renewed=renewal is not None,
            )

        if not storable(wish.account_id):
            return Facts(None, paired=False)
        return await self._database.read(unit)

    async def take(
        self, order: Order, source: str, now: datetime, events: Sequence[Event]
    ) -> Order:
        """Afterwards the order waits for its day; the one that stands.

        Raises:
            RenewalOrdered: Another order renews the certificate.
        """
        row = {
            "order_id": order.order_id,
            "account_id": order.wish.account_id,
            "source": source,
            "wish": codec.encode(order.wish),
            "replaces": order.wish.replaces,
            "state": order.state,
            "due_at": microseconds_from_utc(order.due_at),
            "tries": 0,
            "leased_until": 0,
            "created_at": microseconds_from_utc(now),
            "credential_id": None,
            "serial": None,
            "reason": None,
        }

        def unit(sql: Sql) -> Order:
            # The writers queue, so none comes between this look and the row.
            first = sql.one(_RENEWAL, {"serial": order.wish.replaces})
            if first is not None:
                return admit_renewal(order.wish, source, _order(first[:-1]), first[-1])
            sql.change(_INSERT, row)
            sql.audit(events)
            return order

        return await self._database.write(unit)

    async def renewals(self, account_id: AccountId) -> dict[str, datetime]:
        """Serial numbers of the account's certificates whose renewal waits, and for when."""
        found = await self._database.read(lambda sql: sql.rows(_RENEWALS, {"account": account_id}))
        return {serial: utc_from_microseconds(due_at) for serial, due_at in found}

    async def find(self, order_id: OrderId, source: str) -> Order | None:
        """The order, if it came from there."""
        if not storable(order_id):
            return None
        row = await self._database.row(_FIND, {"key": order_id})
        if row is None or row[-2] != source:
            return None
        return _order(row[:-2])

    async def source(self, serial: str) -> str | None:
        """Who ordered the certificate with this serial number; ``None``: an operator made it."""
        row = await self._database.row(_SOURCE, {"key": serial}) if storable(serial) else None
        return row[0] if row else None

    async def cancel(
        self, order_id: OrderId, source: str, now: datetime, events: Sequence[Event]
    ) -> None:
        """Afterwards the order is not worked off.

        Raises:
            OrderUnknown: None of this source's.
            OrderNotSo: It was worked off, or is being worked at.
        """

        def unit(sql: Sql) -> None:
            row = sql.one(_FIND, {"key": order_id})
            if row is None or row[-2] != source:
                raise errors.OrderUnknown(order_id)
            if not sql.change(_CANCEL, {"key": order_id, "now": microseconds_from_utc(now)}):
                raise errors.OrderNotSo(f"{row[2]}, or under way")
            sql.audit(events)

        if not storable(order_id):
            raise errors.OrderUnknown("no such text")
        await self._database.write(unit)

    async def claim(self, now: datetime) -> Order | None:
        """The oldest that is due and at which nobody works, leased to the caller."""
        at = microseconds_from_utc(now)
        until = microseconds_from_utc(now + LEASE)

        def unit(sql: Sql) -> Order | None:
            while (row := sql.one(_DUE, {"now": at})) is not None:
                order, tries = _order(row[:-1]), row[-1]
                if tries < MOST_TRIES:
                    sql.change(_LEASE, {"key": order.order_id, "until": until, "count": tries + 1})
                    return order
                sql.change(_FAILED, {"key": order.order_id, "why": f"{tries} tries"})
                sql.audit([_given_up(order, tries, now)])
            return None

        return await self._database.write(unit)

    async def postpone(self, order_id: OrderId, now: datetime) -> None:
        """The lease is given back: tried again after a while, and this was no try."""
        change = {"key": order_id, "until": microseconds_from_utc(now + POSTPONED)}
        await self._database.write(lambda sql: sql.change(_POSTPONE, change))

    async def failed(self, order_id: OrderId, reason: str, events: Sequence[Event]) -> None:
        """Afterwards the order has failed for good, unless it is done or cancelled."""

        def unit(sql: Sql) -> None:
            if sql.change(_FAILED, {"key": order_id, "why": reason}):
                sql.audit(events)

        await self._database.write(unit)


def finish(sql: Sql, order_id: OrderId, credential_id: CredentialId, serial: str) -> None:
    """The order is done; part of the unit that stores its certificate.

    Raises:
        OrderNotSo: Another process was faster, or it was cancelled: nothing is to be stored.
    """
    values = {"key": order_id, "credential": credential_id, "number": serial}
    if not sql.change(_ISSUED, values):
        raise errors.OrderNotSo(order_id)


def _given_up(order: Order, tries: int, now: datetime) -> Event:
    about = {"order_id": str(order.order_id), "account_id": str(order.wish.account_id)}
    return Event(
        EventType.CERTIFICATE_GIVEN_UP, Outcome.FAILURE, now, "system", {**about, "tries": tries}
    )


def _replaced(row: Row) -> Replaced:
    account_id, state, not_after = row
    return Replaced(
        AccountId(account_id) if account_id else None,
        CertificateState(state),
        utc_from_microseconds(not_after),
    )


def _order(row: Row) -> Order:
    order_id, wish, state, due_at, created_at, credential_id, serial, reason = row
    return Order(
        order_id=OrderId(order_id),
        wish=_read_wish(codec.decode(wish)),
        state=OrderState(state),
        due_at=utc_from_microseconds(due_at),
        created_at=utc_from_microseconds(created_at),
        credential_id=credential_id,
        serial=serial,
        reason=reason,
    )
