"""Limits hold for all processes together, and inside the transaction that they guard."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from csc_server.ports import NewToken, SadAlreadyUsed
from csc_server.storage import Storage
from csc_server.storage.audit import Head
from csc_server.storage.units import Unit
from policies import errors, pacing
from policies.lifecycle import SadState
from policies.pacing import Limit, Paced
from policies.secret import Token
from policies.tokens import TokenKind
from policies.values import OperationId
from tests.build import ALICE, DIGEST_A, SECOND, T0
from tests.contracts import stores

MINUTE = timedelta(minutes=1)
HOME = "login:alice|192.0.2.0/24"
ADDRESS = Limit(Paced.FAILED_LOGIN, 3, MINUTE).of("192.0.2.1")
TRIED = stores.login_try(ADDRESS)
CLIENT = Limit(Paced.SIGNATURE, 2, SECOND).of("desktop")
ACCESS = NewToken(Token("access"), TokenKind.ACCESS, T0 + timedelta(hours=1))


async def test_two_processes_have_one_bucket(storage: Storage, other: Storage) -> None:
    """Of 64 at a time, half here and half there, as many get through as the limit says."""
    pace = Limit(Paced.PUSHED_REQUEST, 10, MINUTE).of("portal")
    for start in (T0, T0 + MINUTE):
        results = await asyncio.gather(
            *(store.paces.take(pace, start) for store in (storage, other) * 32),
            return_exceptions=True,
        )
        assert results.count(None) == 10
        assert sum(isinstance(one, errors.RateLimited) for one in results) == 54
        for store in (storage, other):
            with pytest.raises(errors.RateLimited):
                await store.paces.admit(pace, start)
            with pytest.raises(errors.RateLimited):
                await store.paces.admit(pace, start + pace.step - timedelta(microseconds=1))
            await store.paces.admit(pace, start + pace.step)


async def test_looking_takes_nothing_and_counting_refuses_nobody(storage: Storage) -> None:
    """Failures are counted beyond the limit without owing more than a window."""
    for _ in range(5):
        await storage.paces.admit(ADDRESS, T0)
    for _ in range(50):
        await storage.paces.count(ADDRESS, T0)
    with pytest.raises(errors.RateLimited):
        await storage.paces.admit(ADDRESS, T0)
    await storage.paces.admit(ADDRESS, T0 + ADDRESS.step)


async def test_a_bucket_refills_between_draws(storage: Storage) -> None:
    """The store's arithmetic is that of the rule, in a full, a used and an idle bucket."""
    full_at = None
    for seconds in (0, 0, 5, 25, 40, 60, 200, 200, 200, 220):
        now = T0 + seconds * SECOND
        pacing.admit(ADDRESS, full_at, now)
        full_at = pacing.taken(ADDRESS, full_at, now)
        await storage.paces.take(ADDRESS, now)
        latest = full_at - ADDRESS.limit.window + ADDRESS.step
        await storage.paces.admit(ADDRESS, latest)
        with pytest.raises(errors.RateLimited):
            await storage.paces.admit(ADDRESS, latest - timedelta(microseconds=1))


async def test_a_right_password_after_too_many_failures_does_not_count(
    storage: Storage, other: Storage
) -> None:
    """Guesses sent in parallel got past the first look; the transaction looks again."""
    people = storage.people
    for number in range(3):
        await other.people.password_wrong(f"login:guest-{number}|x", T0, [], None, TRIED)
    with pytest.raises(errors.RateLimited):
        await people.password_right(HOME, T0, [], None, TRIED)
    with pytest.raises(errors.RateLimited):
        await storage.tokens.open(ALICE, [ACCESS], HOME, T0, [], TRIED)
    assert await storage.tokens.find(ACCESS.token.digest()) is None
    later = T0 + ADDRESS.step
    assert await people.password_right(HOME, later, [], None, TRIED)
    assert await storage.tokens.open(ALICE, [ACCESS], HOME, later, [], TRIED)


async def test_every_kind_of_failed_login_counts(storage: Storage) -> None:
    """Wrong at the API, wrong on a page, and right but locked."""
    for _ in range(5):
        await storage.accounts.login_failed(HOME, T0, [])
    await storage.accounts.login_failed("login:nobody|x", T0, [], TRIED)
    assert not await storage.people.password_right(HOME, T0, [], None, TRIED)
    await storage.paces.admit(ADDRESS, T0)
    assert not await storage.tokens.open(ALICE, [ACCESS], HOME, T0, [], TRIED)
    with pytest.raises(errors.RateLimited):
        await storage.paces.admit(ADDRESS, T0)


async def test_a_client_that_signs_too_fast_claims_nothing(
    storage: Storage, other: Storage
) -> None:
    """Two in this second, whichever process they reach; the third keeps its approval."""
    for number, store in enumerate((storage, other, storage)):
        await stores.issue(storage, f"sad-{number}", DIGEST_A)
        permit = await stores.permit(store, f"sad-{number}", DIGEST_A)
        reserve = store.authorizations.reserve(permit, OperationId(f"op-{number}"), T0, [], CLIENT)
        if number < 2:
            await reserve
            continue
        with pytest.raises(errors.ClientTooFast):
            await reserve
    assert await stores.states(storage, "sad-1") == (SadState.CONSUMING, ["reserved"])
    assert await stores.states(storage, "sad-2") == (SadState.ISSUED, ["authorized"])


async def test_counting_a_signature_costs_no_transaction(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reserve and complete are two durable groups, with a limit as without (ADR 10)."""
    groups: list[int] = []
    plain = storage.database._engine.write

    async def noted(group: Sequence[Unit]) -> tuple[list[Any], Head | None]:
        groups.append(len(group))
        return await plain(group)

    monkeypatch.setattr(storage.database._engine, "write", noted)
    for name, pace in (("free", None), ("paced", CLIENT)):
        await stores.issue(storage, name, DIGEST_A)
        permit = await stores.permit(storage, name, DIGEST_A)
        groups.clear()
        await storage.authorizations.reserve(permit, OperationId(name), T0, [], pace)
        await stores.complete(storage, permit, name)
        assert groups == [1, 1], name


async def test_a_signature_that_is_refused_is_not_counted(storage: Storage) -> None:
    """Claim and count stand or fall together."""
    await stores.issue(storage, "sad", DIGEST_A)
    permit = await stores.permit(storage, "sad", DIGEST_A)
    await stores.reserve(storage, permit, "first")
    for _ in range(3):
        with pytest.raises(SadAlreadyUsed):
            await storage.authorizations.reserve(permit, OperationId("second"), T0, [], CLIENT)
    await storage.paces.take(CLIENT, T0)
    await storage.paces.take(CLIENT, T0)


async def test_full_buckets_are_forgotten(storage: Storage, url: str) -> None:
    """After a while of rest, and no sooner; no address stands in the table."""
    await storage.paces.take(ADDRESS, T0)
    rested = T0 + ADDRESS.step + pacing.KEPT
    await storage.paces.forget(rested - SECOND)
    assert ADDRESS.key.hex() in stores.dump(url).lower()
    assert "192.0.2.1'" not in stores.dump(url)
    await storage.paces.forget(rested)
    assert ADDRESS.key.hex() not in stores.dump(url).lower()
