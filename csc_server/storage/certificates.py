"""The register of certificates: the ports ``pki.ports.Register`` and ``Endings``.

What ends a certificate ends its credential with it, in one transaction: the key is disabled, open
SADs are revoked, so no signature can be begun after the commit.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from csc_server.ports.messages import NewMessage
from csc_server.storage import credentials, messages, orders, tables, tombstones
from csc_server.storage.certificate_tables import ISSUED, NOT_GOOD
from csc_server.storage.certificate_tables import certificates as table
from csc_server.storage.certificate_tables import crl_numbers as numbers
from csc_server.storage.database import Database
from csc_server.storage.key_tables import announced
from csc_server.storage.rows import storable
from csc_server.storage.tables import constant, one_of
from csc_server.storage.units import Row, Sql
from pki.ports import Moved, Registered, Reservation, Serial, SerialTaken
from policies import errors, key_ends, revocation, status
from policies.audit import Event
from policies.key_ends import KeyEnd, Tombstone
from policies.orders import OrderId
from policies.revocation import CertificateEvent, CertificateState, Reason, Revocation
from policies.values import (
    AccountId,
    Credential,
    CredentialId,
    microseconds_from_utc,
    utc_from_microseconds,
)

LINE: Final = (
    table.c.serial,
    table.c.issuer_id,
    table.c.profile,
    table.c.state,
    table.c.certificate,
    table.c.not_before,
    table.c.not_after,
    table.c.account_id,
    table.c.credential_id,
    table.c.ended_at,
    table.c.reason,
)
_KEY: Final = table.c.serial == sa.bindparam("key")
_NEXT: Final = sa.select(
    sa.func.coalesce(sa.func.max(table.c.position), 0) + sa.literal_column("1")
)
_LAST_MOVE: Final = sa.select(sa.func.coalesce(sa.func.max(table.c.moved), 0))
_INSERT: Final = table.insert()
_FIND: Final = sa.select(*LINE).where(_KEY)
_OF_KEY: Final = sa.select(table.c.serial).where(
    table.c.public_key_digest == sa.bindparam("digest")
)
_OF_ACCOUNT: Final = (
    sa.select(*LINE).where(table.c.account_id == sa.bindparam("account")).order_by(table.c.position)
)
_STORE: Final = (
    table.update()
    .where(_KEY, one_of(table.c.state, revocation.CERTIFICATE[CertificateEvent.STORE]))
    .values(
        state=constant(CertificateState.ISSUED),
        certificate=sa.bindparam("der"),
        moved=sa.bindparam("number"),
    )
)
_MOVE: Final = (
    table.update()
    .where(_KEY)
    .values(
        state=sa.bindparam("following"),
        ended_at=sa.bindparam("at"),
        reason=sa.bindparam("why"),
        moved=sa.bindparam("number"),
    )
)
_MOVED: Final = (
    sa.select(table.c.moved, table.c.serial, table.c.not_after, table.c.ended_at, table.c.reason)
    .where(
        table.c.moved > sa.bindparam("after"),
        table.c.issuer_id == sa.bindparam("issuer"),
        one_of(table.c.state, ISSUED),
    )
    .order_by(table.c.moved)
    .limit(sa.bindparam("most", type_=sa.BigInteger()))
)
_ABANDONED: Final = (
    sa.select(table.c.serial, table.c.key_id, table.c.public_key_digest)
    .where(
        one_of(table.c.state, revocation.CERTIFICATE[CertificateEvent.ABANDON]),
        table.c.reserved_at <= sa.bindparam("before"),
    )
    .order_by(table.c.reserved_at)
    .limit(sa.bindparam("most", type_=sa.BigInteger()))
)
_ANNOUNCE: Final = announced.insert()
_NAMED: Final = announced.delete().where(announced.c.key_id == sa.bindparam("key"))
_NEVER_NAMED: Final = (
    sa.select(announced.c.key_id)
    .where(announced.c.announced_at <= sa.bindparam("before"))
    .limit(sa.bindparam("most", type_=sa.BigInteger()))
)
_NOT_GOOD: Final = (
    sa.select(*LINE)
    .where(table.c.issuer_id == sa.bindparam("issuer"), one_of(table.c.state, NOT_GOOD))
    .order_by(table.c.serial)
)
_KEY_UNTIL: Final = (
    tables.credentials.update()
    .where(
        tables.credentials.c.credential_id == sa.bindparam("key"),
        # None: it was destroyed already.
        tables.credentials.c.key_until.is_not(None),
    )
    .values(key_until=sa.bindparam("instant"))
)
_NUMBER: Final = sa.select(numbers.c.number).where(numbers.c.issuer_id == sa.bindparam("key"))
_FIRST_NUMBER: Final = numbers.insert()
_SET_NUMBER: Final = (
    numbers.update()
    .where(numbers.c.issuer_id == sa.bindparam("key"))
    .values(number=sa.bindparam("next"))
)
_EVENTS: Final = {
    CertificateState.SUSPENDED: CertificateEvent.SUSPEND,
    CertificateState.REVOKED: CertificateEvent.REVOKE,
}


class SqlCertificates:
    """The port ``Register`` on a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def announce(self, key_id: bytes, now: datetime) -> None:
        """Afterwards a key of this name dies unless a reservation names it in time."""
        row = {"key_id": key_id, "announced_at": microseconds_from_utc(now)}
        await self._database.write(lambda sql: sql.change(_ANNOUNCE, row))

    async def reserve(
        self, reservation: Reservation, now: datetime, events: Sequence[Event]
    ) -> None:
        """Afterwards the serial number is taken and the intent is on record, durably.

        Raises:
            SerialTaken: It was used before.
            KeyUnfit: There is a certificate for this key already, or was to be one.
        """

        def unit(sql: Sql) -> None:
            _refuse_known(sql, reservation)
            if reservation.key_id is not None:
                name_key(sql, reservation.key_id)
            [position] = sql.rows(_NEXT)[0]
            sql.change(_INSERT, _columns(reservation, position, now) | {"moved": _next_move(sql)})
            sql.audit(events)

        await self._database.write(unit)

    async def store(
        self,
        serial: Serial,
        certificate: bytes,
        now: datetime,
        events: Sequence[Event],
        credential: Credential | None = None,
        order_id: OrderId | None = None,
    ) -> None:
        """Afterwards the certificate is issued, its credential exists, and its order is done.

        Raises:
            CertificateNotSo: It is not reserved.
            OrderNotSo: The order is done or cancelled already.
        """

        def unit(sql: Sql) -> None:
            change = {"key": serial, "der": certificate, "number": _next_move(sql)}
            if not sql.change(_STORE, change):
                raise errors.CertificateNotSo(f"{serial} is not reserved")
            if credential is not None:
                credentials.insert(sql, credential, now)
                if order_id is not None:
                    orders.finish(sql, order_id, credential.credential_id, serial)
            sql.audit(events)

        await self._database.write(unit)

    async def find(self, serial: Serial) -> Registered | None:
        """The line of this serial number."""
        if not storable(serial):
            return None
        row = await self._database.row(_FIND, {"key": serial})
        return line_of(row) if row else None

    async def of_account(self, account_id: AccountId) -> list[Registered]:
        """The account's certificates, the oldest first."""
        found = await self._database.read(
            lambda sql: sql.rows(_OF_ACCOUNT, {"account": account_id})
        )
        return [line_of(row) for row in found]

    async def end(
        self,
        serial: Serial,
        to: CertificateState,
        reason: Reason,
        now: datetime,
        events: Sequence[Event],
        mails: Sequence[NewMessage] = (),
    ) -> None:
        """Suspend or revoke: the credential's key is disabled in the same transaction.

        Raises:
            CertificateUnknown: No such serial number.
            CertificateNotSo: See ``policies.revocation``.
        """
        ended = Revocation(now, reason)

        def unit(sql: Sql) -> None:
            line = _move(sql, serial, _EVENTS[to], ended)
            # No such credential: it was never finished, and so it cannot sign.
            if line.credential_id is not None:
                credentials.disable(sql, line.credential_id)
                if to is CertificateState.REVOKED:
                    until = key_ends.last_instant(line.not_after, ended)
                    sql.change(
                        _KEY_UNTIL,
                        {"key": line.credential_id, "instant": microseconds_from_utc(until)},
                    )
            messages.insert(sql, mails)
            sql.audit(events)

        await self._database.write(unit)

    async def resume(
        self, serial: Serial, events: Sequence[Event], mails: Sequence[NewMessage] = ()
    ) -> None:
        """A suspended certificate is good again, and its key enabled.

        Raises:
            CertificateUnknown, CertificateNotSo: As above.
        """

        def unit(sql: Sql) -> None:
            line = _move(sql, serial, CertificateEvent.RESUME, None)
            if line.credential_id is not None:
                credentials.enable(sql, line.credential_id)
            messages.insert(sql, mails)
            sql.audit(events)

        await self._database.write(unit)

    async def abandon(self, now: datetime, limit: int) -> int:
        """Count reservations that nobody finished as revoked, at most so many; how many.

        Their keys get tombstones in the same transaction, and so do announced ones that no
        reservation named in time.
        """
        keys = {
            "before": microseconds_from_utc(now - revocation.ABANDONED_AFTER),
            "most": limit,
        }

        def unit(sql: Sql) -> int:
            found = sql.rows(_ABANDONED, keys)
            for serial, key_id, digest in found:
                ended = Revocation(now, Reason.CESSATION_OF_OPERATION)
                _move(sql, Serial(serial), CertificateEvent.ABANDON, ended)
                if key_id is not None:
                    tombstones.insert(sql, Tombstone(key_id, digest, KeyEnd.ABANDONED, now))
            for [key_id] in sql.rows(_NEVER_NAMED, keys):
                sql.change(_NAMED, {"key": key_id})
                tombstones.insert(sql, Tombstone(key_id, b"", KeyEnd.ABANDONED, now))
            return len(found)

        return await self._database.write(unit)

    async def not_good(self, issuer_id: str) -> list[Registered]:
        """What belongs on the issuer's CRL, by serial number."""
        found = await self._database.read(lambda sql: sql.rows(_NOT_GOOD, {"issuer": issuer_id}))
        return [line_of(row) for row in found]

    async def moved(self, issuer_id: str, after: int, limit: int) -> list[Moved]:
        """What an issuer's lines say now that moved after this number, in the order they did."""
        keys = {"issuer": issuer_id, "after": after, "most": limit}
        found = await self._database.read(lambda sql: sql.rows(_MOVED, keys))
        return [
            Moved(number, Serial(serial), utc_from_microseconds(not_after), _ended(at, reason))
            for number, serial, not_after, at, reason in found
        ]

    async def last_move(self) -> int:
        """The highest number so far: one that falls belongs to an older database."""
        row = await self._database.row(_LAST_MOVE)
        return int(row[0]) if row else 0

    async def next_crl_number(
        self, issuer_id: str, now: datetime, published: int | None = None
    ) -> int:
        """A number greater than that of every list before, durably (``status.crl_number``)."""

        def unit(sql: Sql) -> int:
            row = sql.one(_NUMBER, {"key": issuer_id})
            number = status.crl_number(row[0] if row else None, now, published)
            if row is None:
                sql.change(_FIRST_NUMBER, {"issuer_id": issuer_id, "number": number})
            else:
                sql.change(_SET_NUMBER, {"key": issuer_id, "next": number})
            return number

        given: int = await self._database.write(unit)
        return given


def name_key(sql: Sql, key_id: bytes) -> None:
    """Something names the announced key: it lives on; part of a unit."""
    sql.change(_NAMED, {"key": key_id})


def insert_issued(sql: Sql, line: Reservation, certificate: bytes, now: datetime) -> None:
    """A certificate that another authority issued; part of a unit.

    Raises:
        SerialTaken: The register has this serial number.
        KeyUnfit: There is a certificate for this key already.
    """
    _refuse_known(sql, line)
    [position] = sql.rows(_NEXT)[0]
    columns = _columns(line, position, now) | {"moved": _next_move(sql)}
    sql.change(_INSERT, columns | {"state": CertificateState.ISSUED, "certificate": certificate})


def _refuse_known(sql: Sql, reservation: Reservation) -> None:
    if sql.one(_FIND, {"key": reservation.serial}) is not None:
        raise SerialTaken(reservation.serial)
    key = {"digest": reservation.public_key_digest}
    if reservation.public_key_digest and sql.one(_OF_KEY, key) is not None:
        raise errors.KeyUnfit("certified before")


def _move(
    sql: Sql, serial: Serial, event: CertificateEvent, ended: Revocation | None
) -> Registered:
    """Move a line to the state that follows; the line as it was.

    The writers of one database queue, so what was read here is still so when it is changed.
    """
    row = sql.one(_FIND, {"key": serial})
    if row is None:
        raise errors.CertificateUnknown(serial)
    line = line_of(row)
    change = {
        "key": serial,
        "following": revocation.after(event, line.state),
        "at": microseconds_from_utc(ended.at) if ended else None,
        "why": ended.reason if ended else None,
        "number": _next_move(sql),
    }
    sql.change(_MOVE, change)
    return line


def _next_move(sql: Sql) -> int:
    """The writers queue, so nobody else takes it."""
    [last] = sql.rows(_LAST_MOVE)[0]
    return int(last) + 1


def _columns(reservation: Reservation, position: int, now: datetime) -> dict[str, object]:
    return {
        "serial": reservation.serial,
        "position": position,
        "issuer_id": reservation.issuer_id,
        "profile": reservation.profile,
        "state": CertificateState.RESERVED,
        "tbs": reservation.tbs,
        "certificate": None,
        "account_id": reservation.account_id,
        "credential_id": reservation.credential_id,
        "not_before": microseconds_from_utc(reservation.not_before),
        "not_after": microseconds_from_utc(reservation.not_after),
        "reserved_at": microseconds_from_utc(now),
        "ended_at": None,
        "reason": None,
        "key_id": reservation.key_id,
        "public_key_digest": reservation.public_key_digest,
    }


def line_of(row: Row) -> Registered:
    serial, issuer_id, profile, state, der, not_before, not_after, *rest = row
    account_id, credential_id, ended_at, reason = rest
    return Registered(
        serial=Serial(serial),
        issuer_id=issuer_id,
        profile=profile,
        state=CertificateState(state),
        certificate=der,
        not_before=utc_from_microseconds(not_before),
        not_after=utc_from_microseconds(not_after),
        account_id=AccountId(account_id) if account_id else None,
        credential_id=CredentialId(credential_id) if credential_id else None,
        revocation=_ended(ended_at, reason),
    )


def _ended(at: int | None, reason: str | None) -> Revocation | None:
    return Revocation(utc_from_microseconds(at), Reason(reason)) if at and reason else None
