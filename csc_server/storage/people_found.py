"""Finding people and ending what they have open: parts of units, for the stores of people."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from csc_server.ports.people import Person
from csc_server.storage import people_tables, person_rows, rows, sessions, tables
from csc_server.storage.units import Row, Sql
from policies import registration
from policies.values import AccountId, microseconds_from_utc

_accounts: Final = tables.accounts
_profiles: Final = people_tables.profiles
_authenticators: Final = tables.authenticators
_grants: Final = tables.grants


def _person_where(condition: sa.ColumnElement[bool]) -> sa.Select[Any]:
    both = sa.select(*rows.ACCOUNT, *person_rows.PROFILE)
    return both.select_from(_accounts.outerjoin(_profiles)).where(condition)


_BY_ID: Final = _person_where(_accounts.c.account_id == sa.bindparam("key"))
_BY_USERNAME: Final = _person_where(_accounts.c.username == sa.bindparam("name"))
_BY_EMAIL: Final = _person_where(_profiles.c.email_key == sa.bindparam("name"))
_AUTHENTICATOR_OF: Final = (
    sa.select(*person_rows.AUTHENTICATOR)
    .where(_authenticators.c.account_id == sa.bindparam("key"))
    .order_by(_authenticators.c.position.desc())
    .limit(1)
)
_REVOKE_GRANTS: Final = (
    _grants.update()
    .where(_grants.c.account_id == sa.bindparam("key"), _grants.c.revoked_at.is_(None))
    .values(revoked_at=sa.bindparam("now"))
)


def by_id(sql: Sql, account_id: AccountId) -> Person | None:
    """The person behind an account."""
    return _person(sql, sql.one(_BY_ID, {"key": account_id}))


def by_name(sql: Sql, name: str) -> Person | None:
    """The person with this user name, or with this mail address in any case."""
    if not rows.storable(name):
        name = ""
    row = sql.one(_BY_USERNAME, {"name": name})
    # Asked in any case, so that one kind of name does not take longer than the other.
    by_mail = sql.one(_BY_EMAIL, {"name": registration.mail_key(name)})
    return _person(sql, row or by_mail)


def end_everything(sql: Sql, account_id: AccountId, now: datetime, but: bytes | None) -> None:
    """End all sessions except the one of digest ``but``, and all grants with their tokens."""
    sessions.end_all(sql, account_id, now, but)
    sql.change(_REVOKE_GRANTS, {"key": account_id, "now": microseconds_from_utc(now)})


def _person(sql: Sql, row: Row | None) -> Person | None:
    owner = row[0] if row else ""
    authenticator = sql.one(_AUTHENTICATOR_OF, {"key": owner})
    return person_rows.person(row, authenticator) if row else None
