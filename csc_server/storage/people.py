"""People: the port ``People`` on a database; what they set stands here, the rest in two halves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from csc_server.ports import Account
from csc_server.ports.messages import NewMessage
from csc_server.ports.people import Guess, Judged
from csc_server.storage import (
    accounts,
    messages,
    people_found,
    people_opening,
    people_tables,
    person_rows,
    sent_codes,
)
from csc_server.storage.database import Database
from csc_server.storage.people_login import Logins
from csc_server.storage.people_opening import Opening
from csc_server.storage.units import Sql
from policies import links
from policies.audit import Event
from policies.codes import CodeKey, CodePurpose, Verdict
from policies.messages import Language
from policies.privacy import Acceptance
from policies.registration import Applicant
from policies.second_factor import SecondFactor
from policies.values import AccountId, AccountState, microseconds_from_utc

_p: Final = people_tables.profiles
_KEY: Final = _p.c.account_id == sa.bindparam("key")
_DEFER: Final = (
    _p.update()
    .where(_KEY)
    .values(
        login_code=sa.bindparam("new_login_code"),
        deferral=sa.bindparam("new_deferral"),
        remind_on=sa.bindparam("new_remind_on"),
    )
)
_SET_PHONE: Final = (
    _p.update().where(_KEY).values(phone=sa.bindparam("number"), proposed_phone=sa.null())
)
_EMAIL: Final = sa.select(_p.c.email).where(_KEY)
_CONTACT: Final = sa.select(_p.c.email, _p.c.phone).where(_KEY)
_SET: Final = (
    _p.update()
    .where(_KEY)
    .values(
        first_name=sa.bindparam("new_first_name"),
        last_name=sa.bindparam("new_last_name"),
        email=sa.bindparam("new_email"),
        email_key=sa.bindparam("new_email_key"),
        phone=sa.bindparam("new_phone"),
        language=sa.bindparam("new_language"),
        proposed_phone=sa.null(),
    )
)
_PROPOSE: Final = _p.update().where(_KEY).values(proposed_phone=sa.bindparam("number"))
_PROPOSED: Final = (_KEY, _p.c.proposed_phone == sa.bindparam("number"))
_TAKE: Final = (
    _p.update().where(*_PROPOSED).values(phone=_p.c.proposed_phone, proposed_phone=sa.null())
)
_DROP: Final = _p.update().where(*_PROPOSED).values(proposed_phone=sa.null())
_ACCEPT: Final = (
    _p.update()
    .where(_KEY)
    .values(privacy_version=sa.bindparam("version"), privacy_at=sa.bindparam("at"))
)
_PURGE: Final = tuple(
    table.delete().where(column < sa.bindparam("before"))
    for table, column in (
        (people_tables.registrations, people_tables.registrations.c.created_at),
        (people_tables.links, people_tables.links.c.created_at),
        (people_tables.codes, people_tables.codes.c.sent_at),
        (people_tables.signing_codes, people_tables.signing_codes.c.sent_at),
    )
)
_SPEAK: Final = _p.update().where(_KEY).values(language=sa.bindparam("new_language"))


class SqlPeople(Opening, Logins):
    """The port ``People`` on a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def defer(
        self, account_id: AccountId, second: SecondFactor, events: Sequence[Event]
    ) -> None:
        """See ``People``."""
        columns = person_rows.second_factor_columns(second)
        values = {f"new_{name}": value for name, value in columns.items()}

        def unit(sql: Sql) -> None:
            sql.change(_DEFER, {"key": account_id, **values})
            sql.audit(events)

        await self._database.write(unit)

    async def change_phone(
        self, account_id: AccountId, guess: Guess, mails: Sequence[NewMessage], now: datetime
    ) -> Judged:
        """See ``People``."""

        def unit(sql: Sql) -> Judged:
            judged = sent_codes.judge(sql, guess, now)
            if judged.verdict is Verdict.RIGHT:
                sql.change(_SET_PHONE, {"key": account_id, "number": guess.key.destination})
                row = sql.one(_EMAIL, {"key": account_id})
                address = row[0] if row else ""
                sent_codes.forget_use(sql, CodeKey(CodePurpose.EMAIL, account_id, address))
                people_found.end_everything(sql, account_id, now, None)
                messages.insert(sql, mails)
            return judged

        return await self._database.write(unit)

    async def propose_phone(
        self, account_id: AccountId, phone: str, events: Sequence[Event]
    ) -> None:
        """See ``People``."""

        def unit(sql: Sql) -> None:
            sql.change(_PROPOSE, {"key": account_id, "number": phone})
            sql.audit(events)

        await self._database.write(unit)

    async def answer_phone(
        self,
        account_id: AccountId,
        phone: str,
        *,
        accept: bool,
        events: Sequence[Event],
        mails: Sequence[NewMessage],
    ) -> bool:
        """See ``People``."""

        def unit(sql: Sql) -> bool:
            statement = _TAKE if accept else _DROP
            if not sql.change(statement, {"key": account_id, "number": phone}):
                return False
            messages.insert(sql, mails)
            sql.audit(events)
            return True

        return await self._database.write(unit)

    async def accept_privacy(
        self, account_id: AccountId, acceptance: Acceptance, events: Sequence[Event]
    ) -> None:
        """See ``People``."""
        at = microseconds_from_utc(acceptance.at)

        def unit(sql: Sql) -> None:
            sql.change(_ACCEPT, {"key": account_id, "version": acceptance.version, "at": at})
            sql.audit(events)

        await self._database.write(unit)

    async def add(
        self, account: Account, applicant: Applicant, now: datetime, events: Sequence[Event]
    ) -> None:
        """See ``People``."""

        def unit(sql: Sql) -> None:
            people_opening.add(sql, account, applicant, now)
            sql.audit(events)

        await self._database.write(unit)

    async def set_profile(
        self,
        account_id: AccountId,
        applicant: Applicant,
        now: datetime,
        events: Sequence[Event],
        mails: Sequence[NewMessage],
    ) -> None:
        """See ``People``."""

        def unit(sql: Sql) -> None:
            people_opening.demand_free(sql, account_id, applicant)
            before = sql.one(_CONTACT, {"key": account_id})
            if before is None:
                people_opening.insert_profile(sql, account_id, applicant, now)
            else:
                columns = person_rows.contact_columns(applicant).items()
                sql.change(_SET, {"key": account_id} | {f"new_{key}": one for key, one in columns})
                if tuple(before) != (applicant.email, applicant.phone):
                    people_found.end_everything(sql, account_id, now, None)
            messages.insert(sql, mails)
            sql.audit(events)

        await self._database.write(unit)

    async def set_language(self, account_id: AccountId, language: Language) -> None:
        """See ``People``."""
        values = {"key": account_id, "new_language": language}
        await self._database.write(lambda sql: sql.change(_SPEAK, values))

    async def set_state(
        self,
        account_id: AccountId,
        state: AccountState,
        now: datetime,
        events: Sequence[Event],
        mails: Sequence[NewMessage],
    ) -> None:
        """See ``People``."""

        def unit(sql: Sql) -> None:
            accounts.set_state(sql, account_id, state)
            if state is not AccountState.ACTIVE:
                people_found.end_everything(sql, account_id, now, None)
            messages.insert(sql, mails)
            sql.audit(events)

        await self._database.write(unit)

    async def purge(self, now: datetime) -> int:
        """See ``People``."""
        values = {"before": microseconds_from_utc(now - links.KEPT)}
        return await self._database.write(
            lambda sql: sum(sql.change(statement, values) for statement in _PURGE)
        )
