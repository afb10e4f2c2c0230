"""Passwords in a running service: what its database tells of them, and rows of older releases."""

from __future__ import annotations

import sqlite3
from base64 import b64decode, b64encode
from contextlib import closing
from pathlib import Path

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from policies.audit import EventType
from tests.campaign import load
from tests.csc_server.api.conftest import World
from tests.service import PASSWORD, Client


async def test_a_copy_of_the_database_does_not_tell_a_right_guess(
    client: Client, world: World
) -> None:
    """Whoever hashes the right password with the kept salt finds the tag nowhere in the files;
    of a row of an older release it is found, until its owner logs in.
    """
    person, path = world.people["nobody"], database(world)
    kept = kept_of(path, person.account_id)
    assert kept.startswith("$argon2id-hmac$v=19$k=1,")
    told = argon2id(b64decode(kept.split("$")[4] + "=="))
    assert not any(form in content for form in forms(told) for content in contents(path))
    before = argon2id(b"sixteen bytes ok")
    write(path, person.account_id, phc(b"sixteen bytes ok", before))
    assert any(form in content for form in forms(before) for content in contents(path))
    assert (await client.log_in(person)).status == 200
    renewed = kept_of(path, person.account_id)
    assert renewed.startswith("$argon2id-hmac$v=19$k=1,")
    assert not any(form.decode("latin-1") in renewed for form in forms(before))
    assert (await client.log_in(person)).status == 200
    assert kept_of(path, person.account_id) == renewed, "once is enough"
    events = [
        body for kind, body in load.records(world.service) if kind == EventType.PASSWORD_RENEWED
    ]
    assert [body["actor"] for body in events] == [f"account:{person.account_id}"]


async def test_a_wrong_guess_renews_nothing(client: Client, world: World) -> None:
    """A row of an older release stays as it is until the right password comes."""
    person, path = world.people["nobody"], database(world)
    before = phc(b"s" * 16, argon2id(b"s" * 16, "another password altogether"))
    kept = kept_of(path, person.account_id)
    write(path, person.account_id, before)
    assert (await client.log_in(person)).status == 400
    assert kept_of(path, person.account_id) == before
    write(path, person.account_id, kept)
    assert (await client.log_in(person)).status == 200


def argon2id(salt: bytes, password: str = PASSWORD) -> bytes:
    """What anybody can compute."""
    kdf = Argon2id(salt=salt, length=32, iterations=1, lanes=1, memory_cost=47104)
    return kdf.derive(password.encode())


def phc(salt: bytes, tag: bytes) -> str:
    """As an older release kept it."""
    texts = [b64encode(one).decode().rstrip("=") for one in (salt, tag)]
    return "$argon2id$v=19$m=47104,t=1,p=1$" + "$".join(texts)


def forms(tag: bytes) -> list[bytes]:
    """How it may be written."""
    return [tag, tag.hex().encode(), tag.hex().upper().encode(), b64encode(tag).rstrip(b"=")]


def database(world: World) -> Path:
    """The file."""
    return Path(world.service.settings.database.removeprefix("sqlite:///"))


def contents(path: Path) -> list[bytes]:
    """Of the database, its log included."""
    return [one.read_bytes() for one in path.parent.glob(f"{path.name}*")]


def kept_of(path: Path, account_id: str) -> str:
    """The column."""
    with closing(sqlite3.connect(path)) as connection:
        query = "SELECT password_hash FROM accounts WHERE account_id = ?"
        [[kept]] = connection.execute(query, [account_id])
        return str(kept)


def write(path: Path, account_id: str, kept: str) -> None:
    """Change the column."""
    with closing(sqlite3.connect(path, timeout=10)) as connection, connection:
        query = "UPDATE accounts SET password_hash = ? WHERE account_id = ?"
        assert connection.execute(query, [kept, account_id]).rowcount == 1
