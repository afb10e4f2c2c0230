"""People and their logins: the port ``Accounts``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from csc_server.ports import Account, LoginTry, NameTaken
from csc_server.storage import login_tries, rows, tables, throttles
from csc_server.storage.database import Database
from csc_server.storage.units import Sql
from policies import codes
from policies.audit import Event
from policies.codes import CodePurpose
from policies.throttle import CLEAR, Throttle
from policies.values import (
    AccountId,
    AccountState,
    AuthenticatorId,
    CredentialId,
    microseconds_from_utc,
)

_table: Final = tables.accounts
_NEXT: Final = sa.select(
    sa.func.coalesce(sa.func.max(_table.c.position), 0) + sa.literal_column("1")
)
_ALL: Final = sa.select(*rows.ACCOUNT).order_by(_table.c.position)
_FIND: Final = sa.select(*rows.ACCOUNT).where(_table.c.username == sa.bindparam("name"))
_INSERT: Final = _table.insert()
_SET_STATE: Final = (
    _table.update()
    .where(_table.c.account_id == sa.bindparam("key"))
    .values(state=sa.bindparam("new_state"))
)
_RENEW_PASSWORD: Final = (
    _table.update()
    .where(
        _table.c.account_id == sa.bindparam("key"),
        _table.c.password_hash == sa.bindparam("before"),
    )
    .values(password_hash=sa.bindparam("renewed"))
)
_AUTHENTICATORS: Final = sa.select(tables.authenticators.c.authenticator_id).where(
    tables.authenticators.c.account_id == sa.bindparam("key")
)
_CREDENTIALS: Final = sa.select(tables.credentials.c.credential_id).where(
    tables.credentials.c.account_id == sa.bindparam("key")
)


class SqlAccounts:
    """The port ``Accounts`` on a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, account: Account, events: Sequence[Event]) -> None:
        """Afterwards the account exists.

        Raises:
            NameTaken: Another account has this user name.
        """

        def unit(sql: Sql) -> None:
            insert(sql, account)
            sql.audit(events)

        await self._database.write(unit)

    async def find(self, username: str) -> Account | None:
        """The account with exactly this user name."""
        if not rows.storable(username):
            return None
        row = await self._database.row(_FIND, {"name": username})
        return rows.account(row) if row else None

    async def all(self) -> list[Account]:
        """Every account, the oldest first."""
        return [rows.account(row) for row in await self._database.read(lambda s: s.rows(_ALL))]

    async def set_state(
        self, account_id: AccountId, state: AccountState, events: Sequence[Event]
    ) -> None:
        """Afterwards the account is in this state.

        Raises:
            LookupError: No such account; a programming error.
        """

        def unit(sql: Sql) -> None:
            set_state(sql, account_id, state)
            sql.audit(events)

        await self._database.write(unit)

    async def renew_password(self, account: Account, renewed: str, events: Sequence[Event]) -> None:
        """Afterwards this is kept of the account's password, unless that was changed meanwhile."""
        keys = {"key": account.account_id, "before": account.password_hash, "renewed": renewed}

        def unit(sql: Sql) -> None:
            if sql.change(_RENEW_PASSWORD, keys):
                sql.audit(events)

        await self._database.write(unit)

    async def login_throttle(self, subject: str) -> Throttle:
        """Failures of a login subject, ``login:ACCOUNT|NETWORK``; ``CLEAR`` if none."""
        if not rows.storable(subject):
            return CLEAR
        return await self._database.read(lambda sql: throttles.find(sql, subject))

    async def login_failed(
        self, subject: str, now: datetime, events: Sequence[Event], tried: LoginTry | None = None
    ) -> Throttle:
        """Count a failure unless the subject is blocked; the new state."""

        def unit(sql: Sql) -> Throttle:
            _, after = throttles.count_failure(sql, subject, now)
            if tried is not None:
                login_tries.failed(sql, tried, now)
            sql.audit(events)
            return after

        return await self._database.write(unit)

    async def unlock(self, account_id: AccountId, events: Sequence[Event]) -> None:
        """Clear every throttle of the account: logins, authenticators, PINs, codes it was sent."""

        def unit(sql: Sql) -> None:
            clear_throttles(sql, account_id)
            throttles.clear(sql, throttles.sent_codes(account_id, CodePurpose.PASSWORD))
            sql.audit(events)

        await self._database.write(unit)


def insert(sql: Sql, account: Account) -> None:
    """A part of units: afterwards the account exists.

    Raises:
        NameTaken: Another account has this user name.
    """
    # Writers run one after the other, so nobody can take the name in between.
    if sql.one(_FIND, {"name": account.username}):
        raise NameTaken(account.username)
    [position] = sql.rows(_NEXT)[0]
    row = {
        "account_id": account.account_id,
        "position": position,
        "username": account.username,
        "password_hash": account.password_hash,
        "state": account.state,
        "created_at": microseconds_from_utc(account.created_at),
    }
    sql.change(_INSERT, row)


def set_state(sql: Sql, account_id: AccountId, state: AccountState) -> None:
    """A part of units: afterwards the account is in this state.

    Raises:
        LookupError: No such account; a programming error.
    """
    if not sql.change(_SET_STATE, {"key": account_id, "new_state": state}):
        raise LookupError(account_id)


def clear_throttles(sql: Sql, account_id: AccountId) -> None:
    """A part of units: forget all failures of the account, and what is spent of the year's.

    All but the guesses at codes for a forgotten password: who made those reads the mail.
    """
    throttles.clear_logins(sql, account_id)
    sent = (throttles.sent_codes(account_id, purpose) for purpose in codes.BEHIND_LOGIN)
    for subject in (*_subjects(sql, account_id), *sent):
        throttles.clear(sql, subject)


def lift_throttles(sql: Sql, account_id: AccountId, now: datetime) -> None:
    """A part of units: lift locks and stops of the account; what is spent of the year's stays."""
    throttles.clear_logins(sql, account_id)
    for subject in _subjects(sql, account_id):
        throttles.succeed(sql, subject, throttles.find(sql, subject), now)


def _subjects(sql: Sql, account_id: AccountId) -> list[str]:
    """Codes and PINs of an account."""
    authenticators = sql.rows(_AUTHENTICATORS, {"key": account_id})
    credentials = sql.rows(_CREDENTIALS, {"key": account_id})
    return [
        *(throttles.otp(AuthenticatorId(identifier)) for [identifier] in authenticators),
        *(throttles.pin(CredentialId(identifier)) for [identifier] in credentials),
        *(throttles.sms(CredentialId(identifier)) for [identifier] in credentials),
    ]
