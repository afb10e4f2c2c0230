"""What the keys of an account were used for, a page at a time: the port ``History``.

Read from the approvals and their hashes, which stay; nothing is written for it but the moment at
which a hash was reserved.
"""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa

from csc_server.storage import tables
from csc_server.storage.database import Database
from csc_server.storage.tables import one_of
from csc_server.storage.units import Row
from policies.algorithms import HashAlgorithm
from policies.history import RESULTS, Entry, Place
from policies.lifecycle import OccurrenceState
from policies.values import (
    AccountId,
    ClientId,
    CredentialId,
    SadId,
    microseconds_from_utc,
    utc_from_microseconds,
)

_approval: Final = tables.authorizations
_occurrence: Final = tables.occurrences
_AT: Final[sa.BindParameter[Any]] = sa.bindparam("at")
_ROOT: Final[sa.BindParameter[Any]] = sa.bindparam("root")
# An approval that was extended keeps its hashes with its first SAD, so each hash comes once.
_PAGE: Final = (
    sa.select(
        _approval.c.expires_at,
        _approval.c.sad_id,
        _occurrence.c.ordinal,
        _occurrence.c.digest,
        _approval.c.hash_oid,
        _occurrence.c.state,
        _occurrence.c.reserved_at,
        _approval.c.credential_id,
        _approval.c.client_id,
    )
    .select_from(_approval.join(_occurrence, _occurrence.c.root_id == _approval.c.sad_id))
    .where(
        _approval.c.account_id == sa.bindparam("owner"),
        # Said twice on purpose: the first line is what the index can use.
        _approval.c.expires_at <= _AT,
        sa.or_(
            _approval.c.expires_at < _AT,
            _approval.c.sad_id < _ROOT,
            sa.and_(_approval.c.sad_id == _ROOT, _occurrence.c.ordinal > sa.bindparam("number")),
        ),
        one_of(_occurrence.c.state, RESULTS),
    )
    .order_by(_approval.c.expires_at.desc(), _approval.c.sad_id.desc(), _occurrence.c.ordinal)
    .limit(sa.bindparam("most", type_=sa.BigInteger()))
)
_FROM_THE_START: Final = {"at": 2**62, "root": "", "number": -1}
"""Before every entry: no instant of ours is that late."""


class SqlHistory:
    """The port ``History`` on a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, account_id: AccountId, after: Place | None, most: int) -> list[Entry]:
        """At most so many entries, the newest approval first, those after ``after``."""
        place = _FROM_THE_START if after is None else _keys(after)
        values = {"owner": account_id, "most": most, **place}
        return [_entry(row) for row in await self._database.read(lambda s: s.rows(_PAGE, values))]


def _keys(place: Place) -> dict[str, str | int]:
    at = microseconds_from_utc(place.approval_ends_at)
    return {"at": at, "root": place.root_id, "number": place.ordinal}


def _entry(row: Row) -> Entry:
    ends_at, root_id, ordinal, digest, oid, state, reserved_at, credential_id, client_id = row
    return Entry(
        place=Place(utc_from_microseconds(ends_at), SadId(root_id), ordinal),
        digest=digest,
        hash_algorithm=HashAlgorithm.of_oid(oid),
        result=RESULTS[OccurrenceState(state)],
        signed_at=None if reserved_at is None else utc_from_microseconds(reserved_at),
        credential_id=CredentialId(credential_id),
        client_id=ClientId(client_id),
    )
