"""Units of work: what they may ask of a connection, and how a group of them shares a commit.

A unit is a plain function over ``Sql``, written once for both engines. It has no other effect
than its statements, because a group may have to run it a second time. A group of writing units
is one transaction: each unit stands or falls alone, and one durable commit answers for all.
Knows no queue, no driver.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from csc_server.storage import audit
from csc_server.storage.compiled import Statement
from policies.audit import Event

Row = tuple[Any, ...]
Parameters = Mapping[str, Any]
NONE: Final[Parameters] = {}


class ConstraintBroken(Exception):
    """A unit wrote a row that its table refuses: a programming error, nothing was changed."""


class Interrupted(Exception):
    """The driver failed; whether the transaction was committed is unknown."""


class Sql(ABC):
    """Statements inside one transaction. Statements are module constants: each is compiled once."""

    def __init__(self, node: str) -> None:
        self._node = node
        self.records: list[audit.Record] = []
        """What the current unit wants to have audited."""
        self.changes = 0
        """Rows the current unit changed, or statements where the driver does not count rows."""

    def audit(self, events: Iterable[Event]) -> None:
        """Write these events with the transaction, after those of earlier units."""
        self.records.extend(audit.record(event, self._node) for event in events)

    def one(self, statement: Statement, parameters: Parameters = NONE) -> Row | None:
        """The first row."""
        rows = self.rows(statement, parameters)
        return rows[0] if rows else None

    @abstractmethod
    def rows(self, statement: Statement, parameters: Parameters = NONE) -> Sequence[Row]:
        """All rows of a query."""

    @abstractmethod
    def change(self, statement: Statement, parameters: Parameters = NONE) -> int:
        """Run an INSERT, UPDATE or DELETE; how many rows it changed."""

    @abstractmethod
    def change_many(self, statement: Statement, parameters: Sequence[Parameters]) -> None:
        """Run a statement once for each set of parameters. Does not say how many rows changed."""

    @abstractmethod
    def control(self, text: str) -> None:
        """Begin, end or mark a transaction."""


Unit = Callable[[Sql], Any]


class _Repeat(Exception):
    """A unit failed after changes; the group must be run again with savepoints."""


def perform(sql: Sql, units: Sequence[Unit]) -> tuple[list[Any], audit.Head | None]:
    """Run all units in the open transaction, which the caller then commits durably.

    Savepoints cost two statements per unit, and hardly any unit fails after its first change: so
    the group runs under a single one first, and again with one each when a unit does.

    Returns:
        Per unit its value or the exception it raised, in order; then the new head of the audit
        chain, ``None`` when nothing was audited.

    Raises:
        Interrupted: The driver failed. The transaction is still open.
    """
    # Before anything else: on PostgreSQL this row is the lock that makes writers queue.
    head = sql.one(audit.LOCK_HEAD)
    if head is None:
        raise Interrupted("the head of the audit chain is missing")
    sql.control("SAVEPOINT whole")
    try:
        outcomes, records = _run(sql, units, savepoints=False)
    except _Repeat:
        sql.control("ROLLBACK TO SAVEPOINT whole")
        outcomes, records = _run(sql, units, savepoints=True)
    return outcomes, _write_audit(sql, audit.Head(*head), records)


def snapshot(sql: Sql, units: Sequence[Unit], begin: str) -> list[Any]:
    """Run reading units on one snapshot; per unit its value or the exception it raised.

    Raises:
        Interrupted: The driver failed.
    """
    outcomes: list[Any] = []
    sql.control(begin)
    for unit in units:
        try:
            outcomes.append(unit(sql))
        except Interrupted:
            raise
        except ConstraintBroken as error:
            # PostgreSQL refuses everything else in a transaction after an error.
            outcomes.append(error)
            sql.control("ROLLBACK")
            sql.control(begin)
        except Exception as error:  # noqa: BLE001  # belongs to the unit's caller, who gets it
            outcomes.append(error)
    sql.control("COMMIT")
    return outcomes


def _run(
    sql: Sql, units: Sequence[Unit], *, savepoints: bool
) -> tuple[list[Any], list[audit.Record]]:
    outcomes: list[Any] = []
    records: list[audit.Record] = []
    for unit in units:
        sql.records, sql.changes = [], 0
        if savepoints:
            sql.control("SAVEPOINT unit")
        try:
            outcomes.append(unit(sql))
            records += sql.records
        except Interrupted:
            raise
        except Exception as error:  # belongs to the unit's caller, who gets it
            if savepoints:
                sql.control("ROLLBACK TO SAVEPOINT unit")
            elif sql.changes or isinstance(error, ConstraintBroken):
                raise _Repeat from error
            outcomes.append(error)
        if savepoints:
            sql.control("RELEASE SAVEPOINT unit")
    return outcomes, records


def _write_audit(sql: Sql, head: audit.Head, records: Sequence[audit.Record]) -> audit.Head | None:
    if not records:
        return None
    rows, new_head = audit.chain(head, records)
    sql.change_many(audit.INSERT, rows)
    sql.change(audit.MOVE_HEAD, {"new_seq": new_head.seq, "new_hash": new_head.hash})
    return new_head
