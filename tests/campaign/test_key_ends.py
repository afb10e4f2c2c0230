"""Keys die at the end of their certificates and stay dead, on a real instance whose clock is moved.

(security-and-pki 7.2 row 9; the short form takes keys in the token, the long one those in the
database too)
"""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from csc_server import app
from csc_server.adapters.tombstones import TombstoneLines
from csc_server.commands import common
from csc_server.config import Settings
from csc_server.operations.certificates.key_ends import DestroyKeys
from csc_server.storage import DatabaseRolledBack
from policies.key_ends import KeyEnd
from tests import service
from tests.csc_server.storage.waiting import until
from tests.service import Client, Person, Service, digest_of

YEAR = timedelta(days=365)
DIGEST = digest_of("a contract")


@dataclass(frozen=True)
class MovedClock:
    """Some other day."""

    by: timedelta

    def now(self) -> datetime:
        """Aware UTC."""
        return datetime.now(UTC) + self.by


async def end_keys(settings: Settings, by: timedelta, **parts: Any) -> None:
    """A round of the expiry job on that day."""
    async with common.administration(settings) as opened:
        await DestroyKeys(
            tombstones=opened.store.tombstones,
            file=parts.get("file", TombstoneLines(app.tombstones_path(settings))),
            device=parts.get("device", opened.device),
            tell=app.tell_owner(settings, opened.store),
            clock=MovedClock(by),
        )()


def key_of(settings: Settings, person: Person) -> tuple[str, bytes, bool]:
    """State and identifier of somebody's key, and whether its blob is there."""
    with database(settings) as opened:
        columns = "SELECT state, key_id, wrapped IS NOT NULL FROM credentials"
        [credential_id] = person.credentials.values()
        found = opened.execute(f"{columns} WHERE credential_id = ?", [credential_id])
        [(state, key_id, wrapped)] = found.fetchall()
        return state, key_id, bool(wrapped)


async def signing(settings: Settings, person: Person) -> int:
    """Status of the last call of a signature."""
    async with aiohttp.ClientSession() as http:
        client = Client(http, settings.base_url)
        await client.log_in(person)
        [credential_id] = person.credentials.values()
        authorized = await client.authorize(credential_id, DIGEST)
        if authorized.status != 200:
            return authorized.status
        return (await client.sign_hash(credential_id, authorized.body["SAD"], DIGEST)).status


def database(settings: Settings) -> closing[sqlite3.Connection]:
    """As another process would open it."""
    return closing(sqlite3.connect(settings.database.removeprefix("sqlite:///")))


def objects(settings: Settings) -> set[str]:
    """Names of the objects in the tokens."""
    return {one.name for one in settings.path(Path("tokens")).rglob("*.object")}


def records(settings: Settings, kind: str) -> list[dict[str, Any]]:
    """What the audit log says of this kind."""
    with database(settings) as opened:
        found = opened.execute("SELECT body FROM audit WHERE type = ? ORDER BY seq", [kind])
        return [json.loads(body)["details"] for [body] in found]


def test_no_copy_brings_a_key_back(tmp_path: Path, rounds: int) -> None:
    """Expired, destroyed, on record; then old tokens and an old database are put back: it signs
    nothing before the authority runs, and is destroyed again when it does."""
    for store in ("token", "wrapped")[: rounds // 5]:
        walk(tmp_path / store, store)


def walk(directory: Path, store: str) -> None:
    """The way of one key in this kind of store."""
    settings = service.create_instance(directory / "instance", **{"pkcs11.key_store": store})
    alice = asyncio.run(service.enrol(settings, {"alice": service.PIN_P256}))["alice"]
    saved = directory / "saved"
    shutil.copytree(settings.instance, saved)
    in_token = store == "token"
    _, key_id, _ = key_of(settings, alice)
    before = objects(settings)

    asyncio.run(end_keys(settings, YEAR - timedelta(minutes=5)))
    assert key_of(settings, alice) == ("enabled", key_id, not in_token)
    asyncio.run(end_keys(settings, YEAR))
    assert key_of(settings, alice) == ("disabled", key_id, False)
    dead = before - objects(settings)
    assert len(dead) == in_token
    [record] = records(settings, "key.destroyed")
    assert (record["key_id"], record["cause"]) == (key_id.hex(), KeyEnd.EXPIRED)
    assert len(bytes.fromhex(record["public_key"])) == 32

    put_back(settings, saved)
    assert dead <= objects(settings)
    with pytest.raises(DatabaseRolledBack):
        asyncio.run(end_keys(settings, YEAR))
    for witness in settings.path(Path("audit")).glob("*-*"):
        witness.unlink()
    running = Service(settings)
    running.start()
    assert asyncio.run(signing(settings, alice)) == 400
    assert running.stop() == 0
    assert key_of(settings, alice) == ("disabled", key_id, False)

    running = Service(settings, "authority")
    running.start()
    asyncio.run(until(lambda: bool(records(settings, "key.destroyed"))))
    assert running.stop() == 0
    assert not dead & objects(settings)


def put_back(settings: Settings, saved: Path) -> None:
    """Tokens and database of a backup, as an operator would."""
    shutil.rmtree(settings.path(Path("tokens")))
    shutil.copytree(saved / "tokens", settings.path(Path("tokens")))
    for name in ("paraph.sqlite", "paraph.sqlite-wal", "paraph.sqlite-shm"):
        (settings.instance / name).unlink(missing_ok=True)
        if (saved / name).exists():
            shutil.copyfile(saved / name, settings.instance / name)
