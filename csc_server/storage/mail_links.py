"""Links in mails: kept as digests, found, used up once. Parts of units, for ``storage.people``."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import sqlalchemy as sa

from csc_server.ports.messages import NewMessage
from csc_server.ports.people import NewLink
from csc_server.storage import messages
from csc_server.storage.people_tables import links as table
from csc_server.storage.units import Sql
from policies import links
from policies.links import LinkPurpose
from policies.values import microseconds_from_utc

_c: Final = table.c
_LIVING: Final = (
    _c.digest == sa.bindparam("key"),
    _c.purpose == sa.bindparam("of_purpose"),
    _c.used_at.is_(None),
    _c.expires_at > sa.bindparam("now"),
)
_FIND: Final = sa.select(_c.subject, _c.expires_at).where(*_LIVING)
_USE: Final = table.update().where(*_LIVING).values(used_at=sa.bindparam("now"))
_COUNT: Final = sa.select(sa.func.count()).where(
    _c.addressee == sa.bindparam("to"),
    _c.purpose == sa.bindparam("of_purpose"),
    _c.created_at > sa.bindparam("since"),
)
_INSERT: Final = table.insert()


def open_link(sql: Sql, link: NewLink, message: NewMessage) -> bool:
    """Keep the link and write its mail, unless the addressee got enough of them this hour."""
    since = microseconds_from_utc(link.created_at - links.HOUR)
    found = sql.one(_COUNT, {"to": link.addressee, "of_purpose": link.purpose, "since": since})
    if found is not None and found[0] >= links.MAILS_PER_HOUR:
        return False
    row = {
        "digest": link.token.digest(),
        "purpose": link.purpose,
        "subject": link.subject,
        "addressee": link.addressee,
        "created_at": microseconds_from_utc(link.created_at),
        "expires_at": microseconds_from_utc(link.expires_at),
        "used_at": None,
    }
    sql.change(_INSERT, row)
    messages.insert(sql, [message])
    return True


def find(sql: Sql, purpose: LinkPurpose, digest: bytes, now: datetime) -> tuple[str, int] | None:
    """Subject and end of a living link."""
    row = sql.one(_FIND, _keys(purpose, digest, now))
    return (row[0], row[1]) if row else None


def use(sql: Sql, purpose: LinkPurpose, digest: bytes, now: datetime) -> bool:
    """Use a living link up. False: it is dead, or somebody else was faster."""
    return sql.change(_USE, _keys(purpose, digest, now)) == 1


def _keys(purpose: LinkPurpose, digest: bytes, now: datetime) -> dict[str, str | bytes | int]:
    return {"key": digest, "of_purpose": purpose, "now": microseconds_from_utc(now)}
