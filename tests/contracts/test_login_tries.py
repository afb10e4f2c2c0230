"""Which names a place tries: counted with the failure, for all processes together."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from csc_server.ports import LoginTry
from csc_server.storage import Storage, tables
from policies import errors, pacing, spray
from policies.audit import EventType
from policies.spray import FailedLogins
from tests.build import T0
from tests.contracts import stores

MINUTE = timedelta(minutes=1)
PLACE = pacing.FAILED_LOGINS.of("192.0.2.1")
ELSEWHERE = pacing.FAILED_LOGINS.of("198.51.100.1")
MOST = 5
_KINDS = sa.select(sa.func.count()).where(tables.audit.c.type == sa.bindparam("kind"))


def tried(name: str, place: pacing.Pace = PLACE, **changes: Any) -> LoginTry:
    """A try of this name, where a place may fail at five."""
    return stores.login_try(place, name, **({"most_names": MOST} | changes))


async def fail(storage: Storage, *names: str, place: pacing.Pace = PLACE, **changes: Any) -> None:
    """One wrong password for each name, a pause after each."""
    for number, name in enumerate(names):
        now = T0 + number * pacing.FAILED_LOGINS.window
        await storage.accounts.login_failed(
            f"login:{name}|x", now, [], tried(name, place, **changes)
        )


async def kinds(storage: Storage, kind: EventType) -> int:
    """How many records of this kind there are."""
    rows = await storage.database.read(lambda sql: list(sql.rows(_KINDS, {"kind": kind})))
    return int(rows[0][0])


async def test_a_place_that_tries_many_names_is_refused_for_an_hour(
    storage: Storage, other: Storage
) -> None:
    """Whichever process it asks; told once; other places go on."""
    names = [f"guest-{number}" for number in range(MOST + 1)]
    await fail(storage, *names[:MOST])
    at = T0 + MOST * MINUTE
    await other.paces.admit(PLACE, at)
    await asyncio.gather(
        *(
            store.accounts.login_failed("login:nobody|x", at, [], tried(names[MOST]))
            for store in (storage, other) * 4
        )
    )
    assert await kinds(storage, EventType.LOGINS_SPRAYED) == 1
    end = at + spray.WINDOW
    for store in (storage, other):
        for now in (at, at + 30 * MINUTE, end - timedelta(microseconds=1)):
            with pytest.raises(errors.RateLimited):
                await store.paces.admit(PLACE, now)
        await store.paces.admit(PLACE, end)
        await store.paces.admit(ELSEWHERE, at)
    assert await other.login_tries.numbers(MOST, at) == FailedLogins(MOST + 1, 1)
    assert await other.login_tries.numbers(MOST, end) == FailedLogins(0, 0)


async def test_one_name_many_times_is_no_spray(storage: Storage) -> None:
    """That is what the lock of the account is for."""
    await fail(storage, *["alice"] * 20)
    assert await kinds(storage, EventType.LOGINS_SPRAYED) == 0


async def test_an_office_that_mistypes_is_no_spray(storage: Storage) -> None:
    """Names that get in are not counted, before or after they failed; on pages and in the API."""
    for number in range(3 * MOST):
        name, now = f"clerk-{number}", T0 + number * MINUTE
        subject = f"login:{name}|x"
        if number % 2:
            await storage.accounts.login_failed(subject, now, [], tried(name))
        assert await storage.people.password_right(subject, now, [], None, tried(name))
        if not number % 2:
            await storage.people.password_wrong(subject, now, [], None, tried(name))
    assert await kinds(storage, EventType.LOGINS_SPRAYED) == 0
    assert await storage.login_tries.numbers(MOST, T0) == FailedLogins(0, 0)


async def test_too_many_failures_of_all_are_told_once(storage: Storage) -> None:
    """Nobody is refused by it; what follows from it is the rule of places under attack."""
    flooded = tried("alice", of_all=3)
    for number in range(9):
        place = pacing.FAILED_LOGINS.of(f"10.0.0.{number}")
        one = tried(f"guest-{number}", place, of_all=3)
        await storage.accounts.login_failed("login:nobody|x", T0, [], one)
        await storage.paces.admit(place, T0)
    assert await kinds(storage, EventType.LOGINS_FLOODED) == 1
    assert await storage.paces.used_up(flooded.of_all, T0)
    assert not await storage.paces.used_up(flooded.of_all, T0 + flooded.of_all.limit.window)


async def test_what_was_tried_long_ago_is_forgotten(storage: Storage) -> None:
    """To the instant."""
    await fail(storage, "alice")
    await storage.login_tries.forget(T0 + spray.WINDOW - timedelta(microseconds=1))
    assert (await storage.login_tries.numbers(MOST, T0)).names == 1
    await storage.login_tries.forget(T0 + spray.WINDOW)
    assert (await storage.login_tries.numbers(MOST, T0)).names == 0
