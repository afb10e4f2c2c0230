"""The audit chain: what a record is, and how each one vouches for the one before.

A record's hash covers its number, its whole text and the hash of its predecessor, so that none
can be changed, removed, added or moved without breaking the chain. (security-and-pki 7.3) That the
chain was not cut short or rewritten as a whole is witnessed from outside: ``journal``. Knows the
statements of the chain; when they run is decided in ``database``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from csc_server.storage import tables
from policies.audit import Event
from policies.values import microseconds_from_utc

GENESIS: Final = bytes(32)
"""What the first record names as the hash of its predecessor."""
RECORD_TAG: Final = b"\x00"
"""RFC 6962 2.1: leaves are told from everything else that is hashed by their first byte."""

LOCK_HEAD: Final = sa.select(tables.audit_head.c.seq, tables.audit_head.c.hash).with_for_update()
"""Holds up every other writer on PostgreSQL until the commit; SQLite has one writer anyway."""
READ_HEAD: Final = sa.select(tables.audit_head.c.seq, tables.audit_head.c.hash)
MOVE_HEAD: Final = tables.audit_head.update().values(
    seq=sa.bindparam("new_seq"), hash=sa.bindparam("new_hash")
)
INSERT: Final = tables.audit.insert()

# ASCII only: a NUL or a lone surrogate in a client's text must not make the record unwritable.
_ENCODER: Final = json.JSONEncoder(ensure_ascii=True, sort_keys=True, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Head:
    """The newest record of a chain."""

    seq: int
    """From 1; 0 while the chain is empty."""
    hash: bytes
    """32 bytes."""
    at: int = 0
    """Microseconds since 1970: the instant of that record, 0 when not known."""


@dataclass(frozen=True, slots=True)
class Record:
    """An event that waits for its place in the chain."""

    at: int
    """Microseconds since 1970."""
    type: str
    outcome: str
    body: str
    """Canonical JSON of every field, keys sorted."""


def record(event: Event, node: str) -> Record:
    """The event as it will be written by this node."""
    at = microseconds_from_utc(event.at)
    fields = {
        "actor": event.actor,
        "at": at,
        "correlation_id": event.correlation_id,
        "details": dict(event.details),
        "node": node,
        "outcome": event.outcome,
        "source": event.source,
        "type": event.type,
    }
    return Record(at, event.type, event.outcome, _ENCODER.encode(fields))


def record_hash(seq: int, body: str, previous: bytes) -> bytes:
    """SHA-256 of tag, predecessor's hash (32 bytes), number (8 bytes, big endian) and text."""
    return hashlib.sha256(RECORD_TAG + previous + seq.to_bytes(8, "big") + body.encode()).digest()


def chain(head: Head, records: Iterable[Record]) -> tuple[list[dict[str, Any]], Head]:
    """Rows that continue the chain after ``head``, and the new head."""
    rows = []
    for one in records:
        seq = head.seq + 1
        digest = record_hash(seq, one.body, head.hash)
        row = {
            "seq": seq,
            "at": one.at,
            "type": one.type,
            "outcome": one.outcome,
            "body": one.body,
            "previous": head.hash,
            "hash": digest,
        }
        rows.append(row)
        head = Head(seq, digest, one.at)
    return rows, head
