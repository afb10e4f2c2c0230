"""The audit chain shows what was done to it, and names the first record that is wrong."""

# ruff: noqa: S608  # the attacker writes his statements as he likes

from __future__ import annotations

import hashlib
import json
import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from csc_server.storage import Finding, Storage, WitnessBroken, journal, verify, verify_audit
from csc_server.storage.audit import GENESIS, record_hash
from policies.audit import EventType
from tests.contracts import stores
from tests.csc_server.storage import raw

RECORDS = 40
Rows = list[tuple[Any, ...]]
KEY = ec.generate_private_key(ec.SECP256R1())
SPKI = KEY.public_key().public_bytes(
    serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
)


async def sign(statement: bytes) -> bytes:
    """The HSM's audit key."""
    return KEY.sign(statement, ec.ECDSA(hashes.SHA256()))


@pytest.fixture
async def log(url: str, tmp_path: Path) -> str:
    """A log of 40 records with a journal, and a checkpoint at its end."""
    async with stores.opened(url, tmp_path, sign_checkpoint=sign) as store:
        await _write(store, RECORDS)
    return url


async def finding(url: str, tmp_path: Path) -> Finding | None:
    """What verification with all witnesses finds."""
    witnesses = {"journals": [tmp_path / "head"], "checkpoints": [tmp_path / "checkpoints"]}
    return (await verify_audit(url, **witnesses, audit_key=SPKI)).finding


async def found(url: str) -> Finding | None:
    """What verification without witnesses finds."""
    return (await verify_audit(url)).finding


async def test_a_whole_log_is_whole(log: str, tmp_path: Path) -> None:
    """Nothing is found, and every record was read."""
    assert await finding(log, tmp_path) is None
    assert (await verify_audit(log)).records == RECORDS


async def test_records_hold_every_field(log: str) -> None:
    """The text of a record is canonical JSON of the whole event."""
    [(body,)] = raw.query(log, "SELECT body FROM audit WHERE seq = 7")
    fields = json.loads(body)
    assert fields["details"] == {"number": 6}
    assert fields["actor"] == "account:alice"
    assert body == json.dumps(fields, sort_keys=True, separators=(",", ":"))
    assert set(fields) == {
        *("actor", "at", "correlation_id", "details", "node", "outcome", "source", "type")
    }


CHANGES = {
    "at": "at = at + 1",
    "type": "type = 'sign.done'",
    "outcome": "outcome = 'failure'",
    "body": "body = replace(body, 'alice', 'mallory')",
    "body order": "body = body || ' '",
    "previous": "previous = hash",
    "hash": "hash = previous",
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("seq", [1, 20, RECORDS])
async def test_a_changed_column_is_named(log: str, change: str, seq: int) -> None:
    """Each column of the first, a middle and the last record, without any witness."""
    raw.execute(log, [f"UPDATE audit SET {change} WHERE seq = {seq}"])
    bad = await found(log)
    assert bad is not None
    assert bad.seq == seq
    assert bad.reason.startswith("changed")


@pytest.mark.parametrize("seq", [1, 20, RECORDS])
async def test_a_removed_record_is_named(log: str, seq: int) -> None:
    """Also the last one, for the head still names it."""
    raw.execute(log, [f"DELETE FROM audit WHERE seq = {seq}"])
    bad = await found(log)
    assert bad is not None
    assert bad.seq == seq
    assert bad.reason.startswith("missing")


async def test_a_removed_record_is_named_when_the_others_move_up(log: str) -> None:
    """A number is part of the hash."""
    raw.execute(log, ["DELETE FROM audit WHERE seq = 20", *_shift("seq > 20", -1)])
    bad = await found(log)
    assert bad is not None
    assert bad.seq == 20


async def test_swapped_records_are_named(log: str) -> None:
    """Two records that changed places."""
    moves = ["seq = 1020 WHERE seq = 20", "seq = 20 WHERE seq = 25", "seq = 25 WHERE seq = 1020"]
    raw.execute(log, [f"UPDATE audit SET {move}" for move in moves])
    bad = await found(log)
    assert bad is not None
    assert bad.seq == 20


@pytest.mark.parametrize("seq", [1, 20, RECORDS + 1])
async def test_an_inserted_record_is_named(log: str, seq: int) -> None:
    """A copy of another record squeezed in, or put behind the end."""
    copy = f"SELECT {seq}, at, type, outcome, body, previous, hash FROM audit WHERE seq = 9"
    raw.execute(log, [*_shift(f"seq >= {seq}", 1), f"INSERT INTO audit {copy}"])
    bad = await found(log)
    assert bad is not None
    assert bad.seq == seq


async def test_a_forged_end_contradicts_the_head(log: str) -> None:
    """A well-made record behind the end, with the head left alone."""
    [(body, last)] = _rows(log)[-1:]
    forged = record_hash(RECORDS + 1, body, last)
    values = f"{raw.blob(log, last)}, {raw.blob(log, forged)}"
    copy = f"SELECT {RECORDS + 1}, at, type, outcome, body, {values} FROM audit"
    raw.execute(log, [f"INSERT INTO audit {copy} WHERE seq = {RECORDS}"])
    bad = await found(log)
    assert bad is not None
    assert bad == Finding(RECORDS + 1, "inserted: the head names an earlier record")


async def test_a_truncated_log_is_named(log: str) -> None:
    """The head was forgotten: it names a record that is gone."""
    raw.execute(log, ["DELETE FROM audit WHERE seq > 30"])
    bad = await found(log)
    assert bad is not None
    assert bad.seq == 31


@pytest.mark.parametrize("witness", ["head", "checkpoints"])
async def test_a_truncated_log_contradicts_each_witness(
    log: str, tmp_path: Path, witness: str
) -> None:
    """The head was corrected: the journal alone, and a checkpoint alone, know better."""
    [(_, digest)] = _rows(log)[29:30]
    head = f"UPDATE audit_head SET seq = 30, hash = {raw.blob(log, digest)}"
    raw.execute(log, ["DELETE FROM audit WHERE seq > 30", head])
    assert await found(log) is None
    (tmp_path / ({"head", "checkpoints"} - {witness}).pop()).unlink()
    bad = await finding(log, tmp_path)
    assert bad is not None
    assert bad.seq == 31
    assert bad.reason.endswith(f"names record {RECORDS}")


@pytest.mark.parametrize("witness", ["head", "checkpoints"])
async def test_a_rewritten_log_contradicts_each_witness(
    log: str, tmp_path: Path, witness: str
) -> None:
    """All hashes from the change on were made anew, and the head with them."""
    _rewrite(log, 20)
    assert await found(log) is None
    (tmp_path / ({"head", "checkpoints"} - {witness}).pop()).unlink()
    bad = await finding(log, tmp_path)
    assert bad is not None
    assert bad.seq == RECORDS
    assert bad.reason.startswith("written anew")


@pytest.mark.parametrize("seq", [1, 20, RECORDS - 1])
async def test_a_record_made_anew_alone_is_named(log: str, seq: int) -> None:
    """Text and hash fit each other, but the next record vouches for what was there before."""
    rows = _rows(log)
    body = rows[seq - 1][0].replace("alice", "mallory")
    previous = rows[seq - 2][1] if seq > 1 else GENESIS
    digest = raw.blob(log, record_hash(seq, body, previous))
    raw.execute(log, [f"UPDATE audit SET body = '{body}', hash = {digest} WHERE seq = {seq}"])
    assert await found(log) == Finding(seq, f"written anew: record {seq + 1} vouches for another")


async def test_the_first_record_follows_nothing(log: str) -> None:
    """A chain that was cut at its beginning does not start at the known value."""
    body = _rows(log)[0][0]
    forged = raw.blob(log, record_hash(1, body, b"x" * 32))
    columns = f"previous = {raw.blob(log, b'x' * 32)}, hash = {forged}"
    raw.execute(log, [f"UPDATE audit SET {columns} WHERE seq = 1"])
    bad = await found(log)
    assert bad is not None
    assert bad.seq == 1


async def test_the_first_contradiction_counts(log: str, tmp_path: Path) -> None:
    """An earlier checkpoint narrows a rewrite down."""
    async with stores.opened(log, tmp_path, sign_checkpoint=sign) as store:
        await _write(store, 10)
    _rewrite(log, 30)
    bad = await finding(log, tmp_path)
    assert bad is not None
    assert bad.seq == RECORDS


async def test_a_head_with_another_hash_is_found(log: str) -> None:
    """The head's hash is the last record's."""
    raw.execute(log, [f"UPDATE audit_head SET hash = {raw.blob(log, bytes(32))}"])
    assert await found(log) == Finding(RECORDS, "the head names another hash")


async def test_a_forged_checkpoint_is_refused(log: str, tmp_path: Path) -> None:
    """A checkpoint signed by another key, or for another record, is no witness."""
    file = tmp_path / "checkpoints"
    [checkpoint] = journal.read_checkpoints(file)
    file.write_text(file.read_text().replace(f'"seq": {RECORDS}', '"seq": 30'))
    with pytest.raises(WitnessBroken):
        await finding(log, tmp_path)
    stranger = ec.generate_private_key(ec.SECP256R1())
    forged = stranger.sign(journal.statement(checkpoint.head), ec.ECDSA(hashes.SHA256()))
    lines = journal.Checkpoints(file)
    lines.append(journal.Checkpoint(checkpoint.head, forged))
    lines.close()
    with pytest.raises(WitnessBroken):
        await finding(log, tmp_path)


@pytest.mark.parametrize("body", ["", "[]", "{}", "not JSON"])
async def test_a_rehashed_record_that_is_none_is_named(log: str, body: str) -> None:
    """A text that is no record is found although its hash is right."""
    previous = _rows(log)[-2][1]
    digest = raw.blob(log, record_hash(RECORDS, body, previous))
    raw.execute(
        log,
        [
            f"UPDATE audit SET body = '{body}', hash = {digest} WHERE seq = {RECORDS}",
            f"UPDATE audit_head SET hash = {digest}",
        ],
    )
    bad = await found(log)
    assert bad == Finding(RECORDS, "changed: the columns differ from the text")


@pytest.mark.parametrize("change", ["body = x'00'", "previous = 'x'", "hash = 7"])
async def test_a_value_of_another_type_is_named(tmp_path: Path, change: str) -> None:
    """SQLite keeps what it is given; the verifier does not stumble over it."""
    url = await stores.empty_url("sqlite", tmp_path)
    async with stores.opened(url, tmp_path) as store:
        await _write(store, 3)
    raw.execute(url, [f"UPDATE audit SET {change} WHERE seq = 2"])
    bad = await found(url)
    assert bad is not None
    assert bad.seq == 2


async def test_pages_join_without_a_seam(
    log: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many records a page holds, the same is found."""
    for page in (1, 7, RECORDS, RECORDS + 1):
        monkeypatch.setattr(verify, "PAGE", page)
        assert await finding(log, tmp_path) is None
    raw.execute(log, ["UPDATE audit SET at = at + 1 WHERE seq = 8"])
    for page in (1, 7, RECORDS):
        monkeypatch.setattr(verify, "PAGE", page)
        bad = await finding(log, tmp_path)
        assert bad is not None
        assert bad.seq == 8


async def test_thousands_of_manipulations_are_found(tmp_path: Path) -> None:
    """Random changes of a small log, each found at the first record that differs."""
    url = await stores.empty_url("sqlite", tmp_path)
    async with stores.opened(url, tmp_path) as store:
        await _write(store, RECORDS)
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
        rows = connection.execute("SELECT * FROM audit ORDER BY seq").fetchall()
    chance = random.Random(48)
    for number in range(5000):
        changed = chance.choice(_MANIPULATIONS)(list(rows), chance)
        if changed == rows:
            continue
        first = next(
            (n for n, (old, new) in enumerate(zip(rows, changed, strict=False)) if old != new),
            min(len(rows), len(changed)),
        )
        checker = verify._Checker([])
        bad = checker.page(changed) or checker.end((RECORDS, rows[-1][6]))
        assert bad is not None, number
        assert bad.seq == first + 1, (number, bad)


def _change_bytes(rows: Rows, chance: random.Random) -> Rows:
    at = chance.randrange(len(rows))
    row, column = list(rows[at]), chance.randrange(1, 7)
    value = row[column]
    if isinstance(value, int):
        row[column] = value + chance.choice([-1, 1, 10**6])
    elif isinstance(value, bytes):
        row[column] = value[:-1] + bytes([value[-1] ^ chance.randrange(1, 256)])
    else:
        cut = chance.randrange(len(value))
        row[column] = value[:cut] + chance.choice(["", "x", "\u00e9"]) + value[cut + 1 :]
    return [*rows[:at], tuple(row), *rows[at + 1 :]]


def _delete(rows: Rows, chance: random.Random) -> Rows:
    first = chance.randrange(len(rows))
    del rows[first : first + chance.randrange(1, 4)]
    return rows if chance.random() < 0.5 else _numbered(rows)


def _insert(rows: Rows, chance: random.Random) -> Rows:
    rows.insert(chance.randrange(len(rows) + 1), chance.choice(rows))
    return _numbered(rows)


def _swap(rows: Rows, chance: random.Random) -> Rows:
    one, other = chance.randrange(len(rows)), chance.randrange(len(rows))
    rows[one], rows[other] = rows[other], rows[one]
    return _numbered(rows)


def _numbered(rows: Rows) -> Rows:
    return [(n, *row[1:]) for n, row in enumerate(rows, start=1)]


_MANIPULATIONS: list[Callable[[Rows, random.Random], Rows]] = [
    _change_bytes,
    _delete,
    _insert,
    _swap,
]


async def test_the_hash_is_what_the_document_says(log: str) -> None:
    """SHA-256 of 0x00, the hash before, the number in 8 bytes, and the text."""
    (first, digest), (second, following) = _rows(log)[:2]
    expected = hashlib.sha256(b"\0" + GENESIS + (1).to_bytes(8, "big") + first.encode()).digest()
    assert digest == expected
    joined = b"\0" + digest + (2).to_bytes(8, "big") + second.encode()
    assert following == hashlib.sha256(joined).digest()


async def test_a_secret_shaped_text_cannot_break_the_log(storage: Storage, url: str) -> None:
    """NUL, lone surrogates and quotes in an event are written and verified."""
    strange = stores.event(EventType.LOGIN, name="a\0b\ud800'\"\n\u2028")
    await storage.authorizations.note([strange])
    assert (await verify_audit(url)).finding is None


async def _write(store: Storage, count: int) -> None:
    for number in range(count):
        await store.authorizations.note([stores.event(EventType.LOGIN, number=number)])


def _rows(url: str) -> list[tuple[str, bytes]]:
    """Text and hash of each record."""
    if url.startswith("sqlite"):
        return raw.query(url, "SELECT body, hash FROM audit ORDER BY seq")
    rows = raw.query(url, "SELECT body, encode(hash, 'hex') FROM audit ORDER BY seq")
    return [(body, bytes.fromhex(digest)) for body, digest in rows]


def _shift(where: str, by: int) -> list[str]:
    """Move records to other numbers; by way of free ones, for numbers are unique."""
    return [
        f"UPDATE audit SET seq = seq + 100000 WHERE {where}",
        f"UPDATE audit SET seq = seq - 100000 + {by} WHERE seq > 50000",
    ]


def _rewrite(url: str, seq: int) -> None:
    """Change a record and make every hash from there on anew, as an attacker would."""
    rows = _rows(url)
    statements, previous = [], rows[seq - 2][1]
    for number in range(seq, len(rows) + 1):
        body = rows[number - 1][0]
        if number == seq:
            body = body.replace("alice", "mallory")
        digest = record_hash(number, body, previous)
        columns = f"previous = {raw.blob(url, previous)}, hash = {raw.blob(url, digest)}"
        statements.append(f"UPDATE audit SET body = '{body}', {columns} WHERE seq = {number}")
        previous = digest
    statements.append(f"UPDATE audit_head SET hash = {raw.blob(url, previous)}")
    raw.execute(url, statements)
