"""Passwords, codes and authenticators: the second half of the port ``People``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from csc_server.ports import LoginTry
from csc_server.ports.people import (
    FinishedPairing,
    Guess,
    Judged,
    NewPassword,
    PendingSeed,
    Stop,
)
from csc_server.storage import (
    accounts,
    login_tries,
    mail_links,
    messages,
    paces,
    people_found,
    people_tables,
    sent_codes,
    tables,
    throttles,
)
from csc_server.storage.database import Database
from csc_server.storage.tables import constant
from csc_server.storage.units import Sql
from policies import errors, throttle, totp
from policies.audit import Event
from policies.codes import Verdict
from policies.links import LinkPurpose
from policies.second_factor import PairingState
from policies.throttle import Throttle
from policies.values import AccountId, AuthenticatorId, microseconds_from_utc

_t: Final = tables.authenticators
_ACTIVE: Final = _t.c.state == constant(PairingState.ACTIVE)
_KEY: Final = _t.c.authenticator_id == sa.bindparam("key")
_STEP: Final = sa.select(_t.c.last_used_step).where(_KEY, _ACTIVE)
_USE_STEP: Final = (
    _t.update()
    .where(_KEY, _ACTIVE, _t.c.last_used_step < sa.bindparam("step"))
    .values(last_used_step=sa.bindparam("step"))
)
_NEXT: Final = sa.select(sa.func.coalesce(sa.func.max(_t.c.position), 0) + sa.literal_column("1"))
_INSERT: Final = _t.insert()
_PEND: Final = (
    _t.update()
    .where(_KEY)
    .values(
        # The old seed dies in this statement (J6; ADR 7).
        sealed=sa.bindparam("nothing"),
        last_used_step=sa.literal_column("-1"),
        state=constant(PairingState.PENDING),
        pending_sealed=sa.bindparam("seed"),
        pending_until=sa.bindparam("until"),
        signs_from=sa.bindparam("from_then"),
    )
)
_FINISH: Final = (
    _t.update()
    .where(
        _KEY,
        _t.c.state == constant(PairingState.PENDING),
        _t.c.pending_sealed == sa.bindparam("seed"),
        _t.c.pending_until > sa.bindparam("now"),
    )
    .values(
        sealed=_t.c.pending_sealed,
        last_used_step=sa.bindparam("step"),
        state=constant(PairingState.ACTIVE),
        pending_sealed=sa.null(),
        pending_until=sa.null(),
        paired_at=sa.bindparam("now"),
    )
)
_ASK_AT_LOGIN: Final = (
    people_tables.profiles.update()
    .where(people_tables.profiles.c.account_id == sa.bindparam("key"))
    .values(login_code=sa.literal_column("1"), deferral=constant("none"), remind_on=sa.null())
)
_SET_PASSWORD: Final = (
    tables.accounts.update()
    .where(tables.accounts.c.account_id == sa.bindparam("key"))
    .values(password_hash=sa.bindparam("new_hash"))
)


class Logins:
    """Whoever proves to be somebody, and what they prove it with."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def password_right(
        self,
        subject: str,
        now: datetime,
        events: Sequence[Event],
        stop: Stop | None = None,
        tried: LoginTry | None = None,
    ) -> bool:
        """See ``People``."""

        def unit(sql: Sql) -> bool:
            if tried is not None:
                paces.admit(sql, tried.pace, now)
            before = throttles.find(sql, subject)
            if throttle.blocked(before, now):
                if tried is not None:
                    login_tries.failed(sql, tried, now)
                if stop is not None and before.stopped:
                    mail_links.open_link(sql, stop.link, stop.message)
                return False
            throttles.succeed(sql, subject, before, now)
            if tried is not None:
                login_tries.opened(sql, tried, now)
            sql.audit(events)
            return True

        return await self._database.write(unit)

    async def password_wrong(
        self,
        subject: str,
        now: datetime,
        events: Sequence[Event],
        stop: Stop | None,
        tried: LoginTry | None = None,
    ) -> Throttle:
        """See ``People``."""

        def unit(sql: Sql) -> Throttle:
            before, after = throttles.count_failure(sql, subject, now)
            if tried is not None:
                login_tries.failed(sql, tried, now)
            _tell(sql, before, after, stop)
            sql.audit(events)
            return after

        return await self._database.write(unit)

    async def use_code(
        self, authenticator_id: AuthenticatorId, step: int, now: datetime, events: Sequence[Event]
    ) -> None:
        """See ``People``."""

        def unit(sql: Sql) -> None:
            subject = throttles.otp(authenticator_id)
            before = throttles.find(sql, subject)
            if throttle.blocked(before, now):
                raise errors.OtpLocked(authenticator_id)
            row = sql.one(_STEP, {"key": authenticator_id})
            if row is None:
                raise errors.AuthenticatorNotReady(authenticator_id)
            fresh = totp.judge(step, row[0])
            if not sql.change(_USE_STEP, {"key": authenticator_id, "step": fresh}):
                raise errors.OtpReplayed(f"time step {step}")
            throttles.succeed(sql, subject, before, now)
            sql.audit(events)

        await self._database.write(unit)

    async def code_wrong(
        self,
        authenticator_id: AuthenticatorId,
        now: datetime,
        events: Callable[[Throttle], Sequence[Event]],
        stop: Stop | None,
    ) -> tuple[Throttle, Throttle]:
        """See ``People``."""

        def unit(sql: Sql) -> tuple[Throttle, Throttle]:
            subject = throttles.otp(authenticator_id)
            before, after = throttles.count_failure(sql, subject, now)
            if after is not before:
                _tell(sql, before, after, stop)
                sql.audit(events(after))
            return before, after

        return await self._database.write(unit)

    async def code_throttle(self, authenticator_id: AuthenticatorId) -> Throttle:
        """See ``People``."""
        subject = throttles.otp(authenticator_id)
        return await self._database.read(lambda sql: throttles.find(sql, subject))

    async def begin_pairing(self, guess: Guess, pending: PendingSeed, now: datetime) -> Judged:
        """See ``People``."""

        def unit(sql: Sql) -> Judged:
            judged = sent_codes.judge(sql, guess, now)
            if judged.verdict is Verdict.RIGHT and not _replace(sql, pending):
                _insert(sql, pending, now)
            return judged

        return await self._database.write(unit)

    async def finish_pairing(self, done: FinishedPairing, now: datetime) -> None:
        """See ``People``."""
        keys = {
            "key": done.authenticator_id,
            "seed": done.sealed,
            "step": done.step,
            "now": microseconds_from_utc(now),
        }

        def unit(sql: Sql) -> None:
            if not sql.change(_FINISH, keys):
                raise errors.StepMissing("no seed is pending")
            if done.login_code:
                sql.change(_ASK_AT_LOGIN, {"key": done.account_id})
            subject = throttles.otp(done.authenticator_id)
            throttles.succeed(sql, subject, throttles.find(sql, subject), now)
            people_found.end_everything(sql, done.account_id, now, done.keep_session)
            messages.insert(sql, done.messages)
            sql.audit(done.events)

        await self._database.write(unit)

    async def change_password(
        self, new: NewPassword, now: datetime, events: Sequence[Event]
    ) -> None:
        """See ``People``."""

        def unit(sql: Sql) -> None:
            _set_password(sql, new, now)
            sql.audit(events)

        await self._database.write(unit)

    async def set_new_password(
        self, link_digest: bytes, guess: Guess, new: NewPassword, now: datetime
    ) -> Judged | None:
        """See ``People``."""

        def unit(sql: Sql) -> Judged | None:
            link = mail_links.find(sql, LinkPurpose.PASSWORD, link_digest, now)
            if link is None or link[0] != new.account_id:
                return None
            judged = sent_codes.judge(sql, guess, now)
            if judged.verdict is Verdict.RIGHT:
                mail_links.use(sql, LinkPurpose.PASSWORD, link_digest, now)
                _set_password(sql, new, now)
                # Whoever guessed codes knew the old password: the year's budget begins anew.
                accounts.clear_throttles(sql, new.account_id)
            return judged

        return await self._database.write(unit)

    async def unlock(
        self, link_digest: bytes, account_id: AccountId, now: datetime, events: Sequence[Event]
    ) -> bool:
        """See ``People``."""

        def unit(sql: Sql) -> bool:
            link = mail_links.find(sql, LinkPurpose.UNLOCK, link_digest, now)
            if link is None or link[0] != account_id:
                return False
            mail_links.use(sql, LinkPurpose.UNLOCK, link_digest, now)
            accounts.lift_throttles(sql, account_id, now)
            sql.audit(events)
            return True

        return await self._database.write(unit)


def _tell(sql: Sql, before: Throttle, after: Throttle, stop: Stop | None) -> None:
    if stop is not None and after.stopped and not before.stopped:
        mail_links.open_link(sql, stop.link, stop.message)


def _replace(sql: Sql, pending: PendingSeed) -> bool:
    values = {
        "key": pending.totp.authenticator_id,
        "nothing": b"",
        "seed": pending.totp.sealed,
        "until": microseconds_from_utc(pending.until),
        "from_then": microseconds_from_utc(pending.signs_from),
    }
    return sql.change(_PEND, values) == 1


def _insert(sql: Sql, pending: PendingSeed, now: datetime) -> None:
    [position] = sql.rows(_NEXT)[0]
    row = {
        "authenticator_id": pending.totp.authenticator_id,
        "position": position,
        "account_id": pending.totp.account_id,
        "sealed": b"",
        "last_used_step": pending.totp.last_used_step,
        "created_at": microseconds_from_utc(now),
        "state": PairingState.PENDING,
        "pending_sealed": pending.totp.sealed,
        "pending_until": microseconds_from_utc(pending.until),
        "paired_at": None,
        "signs_from": microseconds_from_utc(pending.signs_from),
    }
    sql.change(_INSERT, row)


def _set_password(sql: Sql, new: NewPassword, now: datetime) -> None:
    sql.change(_SET_PASSWORD, {"key": new.account_id, "new_hash": new.password_hash})
    people_found.end_everything(sql, new.account_id, now, new.keep_session)
    messages.insert(sql, new.messages)
