"""May this database be served from? Not when it is older than what we have witnessed.

A restored backup would forget spent SADs and used codes. So the database must hold every record
that the journal and the checkpoints of this process name. (security-and-pki 1.7)
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from csc_server.storage import journal
from csc_server.storage.audit import Head
from csc_server.storage.database import Database
from csc_server.storage.tables import audit
from csc_server.storage.units import Row, Sql

_HASH_AT: Final = sa.select(audit.c.hash).where(audit.c.seq == sa.bindparam("number"))


class DatabaseRolledBack(Exception):
    """The database lacks an audit record that was committed, or has another in its place."""


async def refuse_rolled_back(database: Database, journal_file: Path, checkpoints: Path) -> None:
    """Return only when the database holds what the witnesses name.

    Raises:
        DatabaseRolledBack: It does not.
        WitnessBroken: A witness cannot be read.
        StorageUnavailable: The database does not answer.
    """
    for witness in _witnesses(journal_file, checkpoints):
        row = await database.read(partial(_hash_at, seq=witness.seq))
        if row is None:
            raise DatabaseRolledBack(f"audit record {witness.seq} is missing")
        if row[0] != witness.hash:
            raise DatabaseRolledBack(f"audit record {witness.seq} is not the one we committed")


def _hash_at(sql: Sql, seq: int) -> Row | None:
    return sql.one(_HASH_AT, {"number": seq})


def _witnesses(journal_file: Path, checkpoints: Path) -> list[Head]:
    newest = journal.read_journal(journal_file)
    signed = journal.read_checkpoints(checkpoints)[-1:]
    return ([newest] if newest else []) + [checkpoint.head for checkpoint in signed]
