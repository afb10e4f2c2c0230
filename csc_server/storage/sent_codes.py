"""Codes sent to people: kept, counted, used up. Parts of units, for ``storage.people``.

What a guess is worth is ``policies.codes``.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from csc_server.ports.messages import NewMessage
from csc_server.ports.people import CodeState, Guess, Judged, NewCode
from csc_server.storage import messages, rows, throttles
from csc_server.storage.people_tables import codes as table
from csc_server.storage.people_tables import signing_codes
from csc_server.storage.units import Row, Sql
from policies import codes
from policies.codes import CodeKey, SentCode, Verdict
from policies.messages import Channel
from policies.sms_budget import SmsLimits
from policies.throttle import Throttle
from policies.values import microseconds_from_utc, utc_from_microseconds

_c: Final = table.c
_signing: Final = signing_codes.c
_OF_KEY: Final = (
    _c.owner == sa.bindparam("of_owner"),
    _c.purpose == sa.bindparam("of_purpose"),
    _c.destination == sa.bindparam("to"),
)
_LATEST: Final = (
    sa.select(_c.code_id, _c.salt, _c.digest, _c.sent_at, _c.tries, _c.used_at)
    .where(*_OF_KEY)
    .order_by(_c.sent_at.desc())
    .limit(1)
)
_SENT_TO: Final = tuple(
    sa.select(one.sent_at).where(
        one.destination == sa.bindparam("to"), one.sent_at > sa.bindparam("since")
    )
    for one in (_c, _signing)
)
_SENT_FOR: Final = tuple(
    sa.select(sent_at).where(owner == sa.bindparam("of_owner"), sent_at > sa.bindparam("since"))
    for owner, sent_at in ((_c.owner, _c.sent_at), (_signing.account_id, _signing.sent_at))
)
_LAST_USED: Final = (
    sa.select(_c.used_at)
    .where(*_OF_KEY, _c.used_at.is_not(None))
    .order_by(_c.sent_at.desc())
    .limit(1)
)
_INSERT: Final = table.insert()
_COUNT: Final = (
    table.update()
    .where(_c.code_id == sa.bindparam("key"))
    .values(tries=_c.tries + sa.literal_column("1"))
)
_USE: Final = (
    table.update()
    .where(_c.code_id == sa.bindparam("key"), _c.used_at.is_(None))
    .values(used_at=sa.bindparam("now"))
)
_FORGET_USE: Final = (
    table.update()
    .where(*_OF_KEY, _c.used_at.is_not(None))
    # The beginning of time: used, but proof of nothing any more.
    .values(used_at=sa.literal_column("0"))
)


def send(sql: Sql, new: NewCode, message: NewMessage, limits: SmsLimits) -> CodeState:
    """Keep and send a code, or the one that counts when it is too young for another.

    Raises:
        RateLimited: See ``codes.admit_code`` and ``codes.admit_sms``.
        SmsBudgetSpent: See ``messages.insert_sms``.
    """
    codes.admit_code(_year(sql, new.key), new.sent_at)
    found = _latest(sql, new.key)
    if found and not codes.due(found[1], new.sent_at):
        return CodeState(found[1], fresh=False)
    if message.kind.channel is Channel.SMS:
        admit_sms(sql, new.key.destination, new.key.owner, limits.gap, new.sent_at)
    digest = codes.seal(new.key, new.salt, new.code)
    row = {
        "code_id": new.code_id,
        "purpose": new.key.purpose,
        "owner": new.key.owner,
        "destination": new.key.destination,
        "salt": new.salt,
        "digest": digest,
        "sent_at": microseconds_from_utc(new.sent_at),
        "tries": 0,
        "used_at": None,
    }
    sms_today = None
    if message.kind.channel is Channel.SMS:
        sms_today = messages.insert_sms(sql, message, limits.per_day)
    else:
        messages.insert(sql, [message])
    sql.change(_INSERT, row)
    code = SentCode(new.key, new.salt, digest, new.sent_at, 0, used=False)
    return CodeState(code, fresh=True, sms_today=sms_today)


def admit_sms(sql: Sql, number: str, owner: str, gap: timedelta, now: datetime) -> None:
    """Let one more SMS go out, whatever it is for.

    Args:
        owner: Identifier of the account, or of the registration.

    Raises:
        RateLimited: See ``codes.admit_sms``.
    """
    to_number, for_owner = lately(sql, number, owner, now)
    codes.admit_sms(to_number, gap, now)
    codes.admit_sms(for_owner, timedelta(), now)


def lately(
    sql: Sql, number: str, owner: str, now: datetime
) -> tuple[list[datetime], list[datetime]]:
    """When codes went to this number, and when for this owner, within a day; any order."""
    since = {"since": microseconds_from_utc(now - codes.DAY)}
    to_number = [at for one in _SENT_TO for [at] in sql.rows(one, {"to": number, **since})]
    for_owner = [at for one in _SENT_FOR for [at] in sql.rows(one, {"of_owner": owner, **since})]
    return [*map(utc_from_microseconds, to_number)], [*map(utc_from_microseconds, for_owner)]


def judge(sql: Sql, guess: Guess, now: datetime) -> Judged:
    """What a guess is worth; counted when wrong, the code used up when right; both audited."""
    found = _latest(sql, guess.key) if rows.storable(guess.code.value) else None
    sent = found[1] if found else None
    verdict = codes.judge(sent, guess.code, _year(sql, guess.key), now)
    left = codes.TRIES - sent.tries if sent else 0
    if found and verdict is Verdict.WRONG:
        sql.change(_COUNT, {"key": found[0]})
        left -= 1
        if guess.key.purpose in codes.BUDGETED:
            throttles.spend(sql, throttles.sent_codes(guess.key.owner, guess.key.purpose), now)
    if found and verdict is Verdict.RIGHT:
        sql.change(_USE, {"key": found[0], "now": microseconds_from_utc(now)})
    sql.audit(guess.right if verdict is Verdict.RIGHT else guess.wrong)
    return Judged(verdict, max(left, 0))


def last_used(sql: Sql, key: CodeKey) -> datetime | None:
    """When a code of this key was used."""
    row = sql.one(_LAST_USED, _keys(key))
    return utc_from_microseconds(row[0]) if row else None


def forget_use(sql: Sql, key: CodeKey) -> None:
    """Afterwards the use of codes of this key proves nothing any more."""
    sql.change(_FORGET_USE, _keys(key))


def _year(sql: Sql, key: CodeKey) -> Throttle:
    return throttles.find(sql, throttles.sent_codes(key.owner, key.purpose))


def _latest(sql: Sql, key: CodeKey) -> tuple[str, SentCode] | None:
    row = sql.one(_LATEST, _keys(key))
    return (row[0], _code(key, row)) if row else None


def _code(key: CodeKey, row: Row) -> SentCode:
    _, salt, digest, sent_at, tries, used_at = row
    return SentCode(
        key, salt, digest, utc_from_microseconds(sent_at), tries, used=used_at is not None
    )


def _keys(key: CodeKey) -> dict[str, str]:
    return {"of_owner": key.owner, "of_purpose": key.purpose, "to": key.destination}
