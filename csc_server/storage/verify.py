"""Is the audit chain whole? Reads every record and compares it with its witnesses.

Finds the first record that was changed, removed, added or moved, and chains that were cut short
or written anew: these contradict the head, a journal or a signed checkpoint. Changes nothing and
may run while the service writes. (security-and-pki 7.2 row 48, 7.3)
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from csc_server.storage import journal
from csc_server.storage.audit import GENESIS, READ_HEAD, Head, record_hash
from csc_server.storage.database import Database, engine_for
from csc_server.storage.tables import audit
from csc_server.storage.units import Row, Sql

PAGE: Final = 2000
"""Records per read, about 2 MB."""

_PAGE_AFTER: Final = (
    sa.select(
        audit.c.seq,
        audit.c.at,
        audit.c.type,
        audit.c.outcome,
        audit.c.body,
        audit.c.previous,
        audit.c.hash,
    )
    .where(audit.c.seq > sa.bindparam("after"))
    .order_by(audit.c.seq)
    .limit(sa.bindparam("most", type_=sa.BigInteger()))
)


@dataclass(frozen=True, slots=True)
class Finding:
    """The first thing that is wrong."""

    seq: int
    """Number of the first bad record, from 1. Where only a witness contradicts a chain that is
    whole in itself: the witness's number, and the bad record is this one or an earlier one."""
    reason: str


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What was read, and what is wrong with it."""

    records: int
    """Records that were read and found good."""
    finding: Finding | None


@dataclass(frozen=True, slots=True)
class _Witness:
    head: Head
    name: str


async def verify_audit(
    url: str,
    *,
    journals: Sequence[Path] = (),
    checkpoints: Sequence[Path] = (),
    audit_key: bytes | None = None,
) -> AuditReport:
    """Verify the whole chain.

    Args:
        journals: High-water journals of all processes.
        checkpoints: Checkpoint files of all processes.
        audit_key: SubjectPublicKeyInfo (DER) of the audit key, ECDSA P-256. Without it the
            checkpoints' signatures are not verified: whoever can write these files can lie.

    Raises:
        StorageUnavailable: The database does not answer.
        WitnessBroken: A journal or checkpoint cannot be read, or its signature does not hold.
    """
    # Witnesses before the walk: the service may be adding records meanwhile.
    witnesses = _read_witnesses(journals, checkpoints, audit_key)
    engine = engine_for(url, node="")
    await engine.open()
    database = Database(engine)
    try:
        return await _walk(database, witnesses)
    finally:
        await database.close()


async def _walk(database: Database, witnesses: list[_Witness]) -> AuditReport:
    checker = _Checker(witnesses)
    while True:
        keys = {"after": checker.last.seq, "most": PAGE}

        def unit(sql: Sql, keys: dict[str, int] = keys) -> tuple[Sequence[Row], Row | None]:
            return sql.rows(_PAGE_AFTER, keys), sql.one(READ_HEAD)

        page, head = await database.read(unit)
        finding = checker.page(page)
        if finding is None and len(page) < PAGE:
            finding = checker.end(head)
        if finding is not None or len(page) < PAGE:
            return AuditReport(checker.last.seq, finding)


class _Checker:
    """Follows the chain record by record."""

    def __init__(self, witnesses: Iterable[_Witness]) -> None:
        self.last = Head(0, GENESIS)
        self._witnesses = sorted(witnesses, key=lambda one: one.head.seq, reverse=True)

    def page(self, rows: Sequence[Row]) -> Finding | None:
        """The first bad record of these, which follow the last one that was good."""
        for row in rows:
            bad = self._bad(row) or self._contradicted(row[0], row[6])
            if bad is not None:
                return bad
            self.last = Head(row[0], row[6])
        return None

    def end(self, head: Row | None) -> Finding | None:
        """What is wrong with the end of a chain whose records are all good."""
        if head is None:
            return Finding(self.last.seq + 1, "the head is missing")
        if head[0] > self.last.seq:
            return Finding(self.last.seq + 1, f"missing: the head names record {head[0]}")
        if head[0] < self.last.seq:
            return Finding(head[0] + 1, "inserted: the head names an earlier record")
        if head[1] != self.last.hash:
            return Finding(head[0], "the head names another hash")
        if self._witnesses:
            ahead = self._witnesses[-1]
            return Finding(
                self.last.seq + 1, f"missing: {ahead.name} names record {ahead.head.seq}"
            )
        return None

    def _bad(self, row: Row) -> Finding | None:
        seq, at, kind, outcome, body, previous, digest = row
        if seq != self.last.seq + 1:
            return Finding(self.last.seq + 1, f"missing: the next record is {seq}")
        # SQLite keeps a value of any type in any column.
        if not (isinstance(body, str) and isinstance(previous, bytes)):
            return Finding(seq, "changed: a column has another type")
        if record_hash(seq, body, previous) != digest:
            return Finding(seq, "changed: the hash is another's")
        if previous != self.last.hash:
            # Each of the two is whole in itself. The earlier one is suspect: had this one been
            # made anew, it would have been made to fit.
            return Finding(max(self.last.seq, 1), f"written anew: record {seq} vouches for another")
        if _columns(body) != (at, kind, outcome):
            return Finding(seq, "changed: the columns differ from the text")
        return None

    def _contradicted(self, seq: int, digest: bytes) -> Finding | None:
        while self._witnesses and self._witnesses[-1].head.seq <= seq:
            witness = self._witnesses.pop()
            if witness.head.hash != digest:
                return Finding(seq, f"written anew: {witness.name} names another hash")
        return None


def _columns(body: str) -> tuple[object, ...]:
    try:
        fields = json.loads(body)
        return fields["at"], fields["type"], fields["outcome"]
    except (KeyError, TypeError, ValueError):
        return ()


def _read_witnesses(
    journals: Sequence[Path], checkpoints: Sequence[Path], audit_key: bytes | None
) -> list[_Witness]:
    found = []
    for path in journals:
        head = journal.read_journal(path)
        if head is not None:
            found.append(_Witness(head, f"journal {path.name}"))
    for path in checkpoints:
        for checkpoint in journal.read_checkpoints(path):
            if audit_key is not None:
                _verify_signature(checkpoint, audit_key, path)
            found.append(_Witness(checkpoint.head, f"checkpoint of {path.name}"))
    return found


def _verify_signature(checkpoint: journal.Checkpoint, audit_key: bytes, path: Path) -> None:
    key = serialization.load_der_public_key(audit_key)
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise TypeError("the audit key is not an elliptic curve key")
    statement = journal.statement(checkpoint.head)
    try:
        key.verify(checkpoint.signature, statement, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature as error:
        message = f"{path}: signature over record {checkpoint.head.seq}"
        raise journal.WitnessBroken(message) from error
