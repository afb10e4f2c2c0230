"""Failures of logins and factors: read, count, clear.

What a failure means is ``policies.throttle``; a subject without a row has no failures. The
functions are parts of units and run inside the caller's transaction, so that guesses sent in
parallel count one after the other.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

import sqlalchemy as sa

from csc_server.storage.tables import throttles as table
from csc_server.storage.units import Sql
from policies import throttle
from policies.codes import CodePurpose
from policies.throttle import CLEAR, Throttle
from policies.values import (
    AccountId,
    AuthenticatorId,
    CredentialId,
    microseconds_from_utc,
    utc_from_microseconds,
)

_SUBJECT: Final = table.c.subject == sa.bindparam("key")
_FIND: Final = sa.select(table.c.failures, table.c.locked_until, table.c.spent_until).where(
    _SUBJECT
)
_SET: Final = (
    table.update()
    .where(_SUBJECT)
    .values(
        failures=sa.bindparam("count"),
        locked_until=sa.bindparam("until"),
        spent_until=sa.bindparam("spent"),
    )
)
_INSERT: Final = table.insert()
_CLEAR: Final = table.delete().where(_SUBJECT)
_CLEAR_RANGE: Final = table.delete().where(
    table.c.subject >= sa.bindparam("first"), table.c.subject < sa.bindparam("end")
)


OTP_PREFIX: Final = "otp:"
LOGIN_PREFIX: Final = "login:"


def pin(credential_id: CredentialId) -> str:
    """Subject of the PIN of a credential."""
    return f"pin:{credential_id}"


def otp(authenticator_id: AuthenticatorId) -> str:
    """Subject of the codes of an authenticator."""
    return OTP_PREFIX + authenticator_id


def sms(credential_id: CredentialId) -> str:
    """Subject of the codes by SMS of a credential."""
    return f"sms:{credential_id}"


def sent_codes(owner: str, purpose: CodePurpose) -> str:
    """Subject of the codes that an owner is sent for one purpose."""
    return f"code:{purpose}:{owner}"


def value(
    failures: int | None, locked_until: int | None, spent_until: int | None = None
) -> Throttle:
    """The throttle of a row; ``None`` failures mean there is no row."""
    if failures is None:
        return CLEAR
    return Throttle(failures, _instant(locked_until), _instant(spent_until))


def find(sql: Sql, subject: str) -> Throttle:
    """The failures of a subject."""
    row = sql.one(_FIND, {"key": subject})
    return value(*row) if row else CLEAR


def count_failure(sql: Sql, subject: str, now: datetime) -> tuple[Throttle, Throttle]:
    """Count a failure unless the subject is blocked; state before and after."""
    before = find(sql, subject)
    if throttle.blocked(before, now):
        # Written as it is: a name that nobody has is soon locked by all who try such names, and
        # its failures must cost what those of an account do.
        _set(sql, subject, before)
        return before, before
    # A password is no factor of a million possibilities.
    after = throttle.after_failure(before, now, budget=not subject.startswith(LOGIN_PREFIX))
    _write(sql, subject, before, after)
    return before, after


def succeed(sql: Sql, subject: str, before: Throttle, now: datetime) -> None:
    """Forget the failures of a subject after a success; what is spent of the year's stays."""
    if before == CLEAR:
        return
    after = throttle.after_success(before, now)
    if after == CLEAR:
        clear(sql, subject)
    elif after != before:
        _set(sql, subject, after)


def spend(sql: Sql, subject: str, now: datetime) -> None:
    """Take a wrong guess from the year's, and do nothing else about it."""
    before = find(sql, subject)
    after = throttle.after_spending(before, now)
    _write(sql, subject, before, after)


def clear(sql: Sql, subject: str) -> None:
    """Forget everything of a subject."""
    sql.change(_CLEAR, {"key": subject})


def _write(sql: Sql, subject: str, before: Throttle, after: Throttle) -> None:
    if before != CLEAR:
        _set(sql, subject, after)
        return
    row = {
        "subject": subject,
        "failures": after.failures,
        "locked_until": _number(after.locked_until),
        "spent_until": _number(after.spent_until),
    }
    sql.change(_INSERT, row)


def _set(sql: Sql, subject: str, after: Throttle) -> None:
    values = {
        "key": subject,
        "count": after.failures,
        "until": _number(after.locked_until),
        "spent": _number(after.spent_until),
    }
    sql.change(_SET, values)


def _number(instant: datetime | None) -> int | None:
    return microseconds_from_utc(instant) if instant else None


def _instant(number: int | None) -> datetime | None:
    return None if number is None else utc_from_microseconds(number)


def clear_logins(sql: Sql, account_id: AccountId) -> None:
    """Forget the failed logins of an account, from wherever they came."""
    first = f"login:{account_id}|"
    sql.change(_CLEAR_RANGE, {"first": first, "end": first[:-1] + chr(ord("|") + 1)})
