"""Credits, and how many of them are used: the port ``Ledger``.

The used ones are counted, not kept: an index leads from the account to its approvals and from
there to the hashes. Nobody without credits pays for that (``credited`` travels with a statement
that ``reserve`` makes anyway), and who has credits has about as many hashes to count.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from csc_server.ports.api import Credit
from csc_server.storage import api_tables, tables
from csc_server.storage.database import Database
from csc_server.storage.tables import one_of
from csc_server.storage.units import Sql
from policies import errors, transactions
from policies.audit import Event
from policies.lifecycle import OccurrenceState
from policies.transactions import Balance
from policies.values import AccountId, microseconds_from_utc

_table: Final = api_tables.credit_entries
_authorization: Final = tables.authorizations
_occurrence: Final = tables.occurrences
_INSERT: Final = _table.insert()
_FIND: Final = sa.select(_table.c.account_id, _table.c.transactions).where(
    _table.c.source == sa.bindparam("of_source"), _table.c.reference == sa.bindparam("named")
)
_CREDITED: Final = sa.select(sa.func.sum(_table.c.transactions)).where(
    _table.c.account_id == sa.bindparam("owner")
)
_USED: Final = (
    sa.select(sa.func.count())
    .select_from(_authorization.join(_occurrence, _occurrence.c.root_id == _authorization.c.sad_id))
    .where(
        _authorization.c.account_id == sa.bindparam("owner"),
        one_of(_occurrence.c.state, (OccurrenceState.RESERVED, OccurrenceState.CONSUMED)),
    )
)


def require_cover(sql: Sql, account_id: AccountId) -> None:
    """Return when the account's credits cover what is signed and reserved, in this unit.

    Raises:
        TransactionsUsedUp: They do not.
    """
    transactions.covered(_balance(sql, account_id))


class SqlLedger:
    """The port ``Ledger`` on a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, credit: Credit, now: datetime, events: Sequence[Event]) -> None:
        """Afterwards the account has the credit; a second time nothing changes.

        Raises:
            CreditDiffers: The reference names another credit already.
        """
        row = {
            "source": credit.source,
            "reference": credit.reference,
            "account_id": credit.account_id,
            "transactions": credit.transactions,
            "created_at": microseconds_from_utc(now),
        }

        def unit(sql: Sql) -> None:
            names = {"of_source": credit.source, "named": credit.reference}
            known = sql.one(_FIND, names)
            if known is None:
                sql.change(_INSERT, row)
                sql.audit(events)
            elif tuple(known) != (credit.account_id, credit.transactions):
                raise errors.CreditDiffers(credit.reference)

        await self._database.write(unit)

    async def balance(self, account_id: AccountId) -> Balance:
        """Where the account stands."""
        return await self._database.read(lambda sql: _balance(sql, account_id))


def _balance(sql: Sql, account_id: AccountId) -> Balance:
    [[credited]] = sql.rows(_CREDITED, {"owner": account_id})
    [[used]] = sql.rows(_USED, {"owner": account_id})
    # PostgreSQL sums 64-bit integers to a decimal.
    return Balance(None if credited is None else int(credited), used)
