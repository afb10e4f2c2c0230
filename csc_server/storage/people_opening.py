"""Registrations, links and codes: the first half of the port ``People``. (journeys J1.1, J1.2)"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from csc_server.ports import Account, NameTaken
from csc_server.ports.messages import NewMessage
from csc_server.ports.people import (
    CodeState,
    Guess,
    Judged,
    NewCode,
    NewLink,
    Person,
    Profile,
    Registration,
)
from csc_server.storage import (
    accounts,
    mail_links,
    messages,
    people_found,
    people_tables,
    person_rows,
    sent_codes,
)
from csc_server.storage.database import Database
from csc_server.storage.units import Sql
from policies import errors, registration
from policies.audit import Event
from policies.codes import CodeKey, Verdict
from policies.links import LinkPurpose
from policies.registration import Applicant
from policies.sms_budget import SmsLimits
from policies.values import AccountId, microseconds_from_utc

_profiles: Final = people_tables.profiles
_registrations: Final = people_tables.registrations
_PROFILE_OF: Final = sa.select(*person_rows.PROFILE).where(
    _profiles.c.email_key == sa.bindparam("name")
)
_INSERT_PROFILE: Final = _profiles.insert()
_INSERT: Final = _registrations.insert()
_FIND: Final = sa.select(*person_rows.REGISTRATION).where(
    _registrations.c.registration_id == sa.bindparam("key")
)
_SET_PHONE: Final = (
    _registrations.update()
    .where(_registrations.c.registration_id == sa.bindparam("key"))
    .values(phone=sa.bindparam("number"), phone_confirmed=sa.literal_column("0"))
)
_CONFIRM: Final = (
    _registrations.update()
    .where(
        _registrations.c.registration_id == sa.bindparam("key"),
        _registrations.c.phone == sa.bindparam("number"),
    )
    .values(phone_confirmed=sa.literal_column("1"))
)


class Opening:
    """People who are on their way to an account, and whoever looks for a person."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def by_name(self, name: str) -> Person | None:
        """See ``People``."""
        return await self._database.read(lambda sql: people_found.by_name(sql, name))

    async def find(self, account_id: AccountId) -> Person | None:
        """See ``People``."""
        return await self._database.read(lambda sql: people_found.by_id(sql, account_id))

    async def note(self, events: Sequence[Event], mails: Sequence[NewMessage] = ()) -> None:
        """See ``People``."""

        def unit(sql: Sql) -> None:
            messages.insert(sql, mails)
            sql.audit(events)

        await self._database.write(unit)

    async def start_registration(
        self,
        registration_id: str,
        applicant: Applicant,
        link: NewLink,
        letter: Callable[[Profile | None], NewMessage],
        events: Sequence[Event],
    ) -> None:
        """See ``People``."""
        row = {
            "registration_id": registration_id,
            "first_name": applicant.first_name,
            "last_name": applicant.last_name,
            "email": applicant.email,
            "phone": applicant.phone,
            "phone_confirmed": 0,
            "language": applicant.language,
            "created_at": microseconds_from_utc(link.created_at),
        }

        def unit(sql: Sql) -> None:
            found = sql.one(_PROFILE_OF, {"name": link.addressee})
            # Kept also for an address that has an account: the link was given to nobody, and
            # the statements are the same.
            sql.change(_INSERT, row)
            mail_links.open_link(sql, link, letter(person_rows.profile(found) if found else None))
            sql.audit(events)

        await self._database.write(unit)

    async def registration(self, link_digest: bytes, now: datetime) -> Registration | None:
        """See ``People``."""
        return await self._database.read(lambda sql: _opened(sql, link_digest, now))

    async def set_registration_phone(
        self, link_digest: bytes, phone: str, now: datetime, events: Sequence[Event]
    ) -> bool:
        """See ``People``."""

        def unit(sql: Sql) -> bool:
            found = mail_links.find(sql, LinkPurpose.INVITATION, link_digest, now)
            if found is None:
                return False
            sql.change(_SET_PHONE, {"key": found[0], "number": phone})
            sql.audit(events)
            return True

        return await self._database.write(unit)

    async def confirm_registration_phone(
        self, registration_id: str, guess: Guess, now: datetime
    ) -> Judged:
        """See ``People``."""

        def unit(sql: Sql) -> Judged:
            judged = sent_codes.judge(sql, guess, now)
            if judged.verdict is Verdict.RIGHT:
                number = guess.key.destination
                sql.change(_CONFIRM, {"key": registration_id, "number": number})
            return judged

        return await self._database.write(unit)

    async def create_account(
        self, link_digest: bytes, account: Account, now: datetime, events: Sequence[Event]
    ) -> bool:
        """See ``People``."""

        def unit(sql: Sql) -> bool:
            found = _opened(sql, link_digest, now)
            if found is None:
                return False
            if not found.phone_confirmed:
                raise errors.StepMissing("phone number not confirmed")
            add(sql, account, found.applicant, now)
            mail_links.use(sql, LinkPurpose.INVITATION, link_digest, now)
            sql.audit(events)
            return True

        return await self._database.write(unit)

    async def send_code(
        self, new: NewCode, message: NewMessage, limits: SmsLimits, events: Sequence[Event]
    ) -> CodeState:
        """See ``People``."""

        def unit(sql: Sql) -> CodeState:
            state = sent_codes.send(sql, new, message, limits)
            if state.fresh:
                sql.audit(events)
            return state

        return await self._database.write(unit)

    async def redeem(self, guess: Guess, now: datetime) -> Judged:
        """See ``People``."""
        return await self._database.write(lambda sql: sent_codes.judge(sql, guess, now))

    async def redeemed_at(self, key: CodeKey) -> datetime | None:
        """See ``People``."""
        return await self._database.read(lambda sql: sent_codes.last_used(sql, key))

    async def open_link(self, link: NewLink, message: NewMessage, events: Sequence[Event]) -> None:
        """See ``People``."""

        def unit(sql: Sql) -> None:
            mail_links.open_link(sql, link, message)
            sql.audit(events)

        await self._database.write(unit)

    async def link_subject(
        self, purpose: LinkPurpose, link_digest: bytes, now: datetime
    ) -> str | None:
        """See ``People``."""
        found = await self._database.read(
            lambda sql: mail_links.find(sql, purpose, link_digest, now)
        )
        return found[0] if found else None


def add(sql: Sql, account: Account, who: Applicant, now: datetime) -> None:
    """A part of units: afterwards the account exists, with this profile.

    Raises:
        NameTaken: User name or mail address belong to another account.
    """
    demand_free(sql, account.account_id, who)
    accounts.insert(sql, account)
    insert_profile(sql, account.account_id, who, now)


def demand_free(sql: Sql, account_id: AccountId, who: Applicant) -> None:
    """A part of units: return when the mail address is nobody else's.

    Raises:
        NameTaken: It is.
    """
    row = sql.one(_PROFILE_OF, {"name": registration.mail_key(who.email)})
    if row and row[0] != account_id:
        raise NameTaken(account_id)


def insert_profile(sql: Sql, account_id: AccountId, who: Applicant, now: datetime) -> None:
    """A part of units: afterwards the account has this profile, its first one."""
    row = person_rows.new_profile(who, account_id, microseconds_from_utc(now))
    sql.change(_INSERT_PROFILE, row)


def _opened(sql: Sql, link_digest: bytes, now: datetime) -> Registration | None:
    link = mail_links.find(sql, LinkPurpose.INVITATION, link_digest, now)
    row = sql.one(_FIND, {"key": link[0]}) if link else None
    return person_rows.registration(row, link[1]) if row and link else None
