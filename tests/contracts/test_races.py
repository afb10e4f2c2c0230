"""What many do at the same time happens as if they came one after the other."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from csc_server.ports import SadAlreadyUsed
from csc_server.storage import Storage, verify_audit
from policies import errors, throttle
from policies.audit import EventType
from policies.orders import OrderId
from policies.values import CredentialId, Factor, SadId
from tests import build
from tests.build import DIGEST_A, DIGEST_B, T0
from tests.contracts import stores
from tests.contracts.test_orders import ORDER, PORTAL, WISH

CALLERS = 64
ROUNDS = 8
DEADLINE_S = 60


async def test_a_sad_is_reserved_once(storage: Storage) -> None:
    """Of 64 who present the same SAD at a time one gets the signature, in every round."""
    for round_ in range(ROUNDS):
        name = f"sad-{round_}"
        await stores.issue(storage, name, DIGEST_A)
        permits = [await stores.permit(storage, name, DIGEST_A) for _ in range(CALLERS)]
        results = await _all(
            stores.reserve(storage, one, f"{name}-{n}") for n, one in enumerate(permits)
        )
        _one_of(results, SadAlreadyUsed)


async def test_a_sad_is_reserved_once_by_two_processes(
    storage: Storage, url: str, tmp_path: Path
) -> None:
    """Two processes with 32 callers each: one reservation per SAD, in every round."""
    workers = [await _worker(url, tmp_path / name, name) for name in ("one", "two")]
    try:
        for round_ in range(ROUNDS):
            await stores.issue(storage, f"sad-{round_}", DIGEST_A)
            counts = [int(a) for a in await _ask(workers, f"sad-{round_}")]
            assert sum(counts) == 1, counts
    finally:
        for worker in workers:
            assert worker.stdin is not None
            worker.stdin.close()
            assert await asyncio.wait_for(worker.wait(), DEADLINE_S) == 0


async def test_two_stores_write_one_chain(storage: Storage, url: str, tmp_path: Path) -> None:
    """Whoever commits continues where the other one stopped; nobody fails."""
    other_directory = tmp_path / "other"
    await asyncio.to_thread(other_directory.mkdir)
    async with stores.opened(url, other_directory, node="other") as other:
        calls = [
            stores.issue(store, f"sad-{name}-{n}", DIGEST_A)
            for n in range(CALLERS)
            for name, store in (("one", storage), ("two", other))
        ]
        await asyncio.gather(*calls)
    journals = [tmp_path / "head", other_directory / "head"]
    report = await verify_audit(url, journals=journals)
    assert report.finding is None
    assert report.records >= 2 * CALLERS


async def test_a_code_is_used_once(storage: Storage) -> None:
    """Of 64 authorisations with the same time step at a time one is made, in every round."""
    for round_ in range(ROUNDS):
        results = await _all(
            stores.issue(storage, f"sad-{round_}-{n}", DIGEST_A, step=round_)
            for n in range(CALLERS)
        )
        made = _one_of(results, errors.OtpReplayed)
        assert made.authorization.sad_id.startswith(f"sad-{round_}-")


async def test_parallel_guesses_count_one_by_one(storage: Storage) -> None:
    """64 wrong PINs at a time are five tries and a lock; the right one after them is refused."""
    credential = build.credential(factors=stores.BOTH)
    failed = stores.event(EventType.FACTOR_FAILED)
    before = await _all(
        storage.authorizations.factors_failed(
            credential, frozenset({Factor.PIN}), T0, lambda _: [failed]
        )
        for _ in range(CALLERS)
    )
    counts = [one[Factor.PIN].failures for one in before]
    assert counts == [0, 1, 2, 3, 4] + [throttle.LOCK_AFTER] * (CALLERS - 5)
    results = await _all(stores.issue(storage, f"sad-{n}", DIGEST_A, step=n) for n in range(8))
    assert {type(result) for result in results} == {errors.PinLocked}


async def test_signing_and_extending_exclude_each_other(storage: Storage) -> None:
    """Of a signature and exchanges of the same SAD at a time exactly one happens."""
    for round_ in range(ROUNDS):
        old = SadId(f"sad-{round_}")
        await stores.issue(storage, old, DIGEST_A, DIGEST_B)
        permit = await stores.permit(storage, old, DIGEST_A)
        news = [stores.new_sad(f"{old}-{n}", DIGEST_A, root_id=old) for n in range(8)]
        calls = [storage.authorizations.extend(old, new, T0, []) for new in news]
        calls.insert(round_ % 8, stores.reserve(storage, permit, f"operation-{round_}"))
        _one_of(await _all(calls), SadAlreadyUsed)


async def test_a_certificate_is_renewed_by_one_order(storage: Storage, other: Storage) -> None:
    """Of 64 orders at a time in two stores one stands, in every round."""
    for round_ in range(ROUNDS):
        wish = replace(WISH, replaces=f"c0ffee{round_}")
        orders = [
            replace(ORDER, order_id=OrderId(f"order-{round_}-{n}"), wish=replace(wish, years=n))
            for n in range(CALLERS)
        ]
        results = await _all(
            (storage, other)[n % 2].orders.take(order, PORTAL, T0, [])
            for n, order in enumerate(orders)
        )
        stands = _one_of(results, errors.RenewalOrdered)
        found = [await storage.orders.find(one.order_id, PORTAL) for one in orders]
        assert [one for one in found if one is not None] == [stands]


async def test_a_unit_that_fails_leaves_the_others(storage: Storage) -> None:
    """In one group: good ones commit, one that fails late leaves no trace, nor its event."""
    await stores.issue(storage, "sad-a", DIGEST_A)
    unknown = stores.new_sad("sad-x", DIGEST_A, credential_id=CredentialId("nobody's"))
    twice = stores.new_sad("sad-a", DIGEST_A)
    results = await _all(
        [
            stores.issue(storage, "sad-b", DIGEST_A),
            storage.authorizations.issue(unknown, T0, [stores.event(EventType.SAD_ISSUED)]),
            storage.authorizations.issue(twice, T0, [stores.event(EventType.SAD_ISSUED)]),
            stores.issue(storage, "sad-c", DIGEST_A, DIGEST_B),
            storage.authorizations.extend(SadId("sad-a"), twice, T0, []),
        ]
    )
    assert [isinstance(result, Exception) for result in results] == [False, True, True, False, True]
    assert await stores.states(storage, "sad-a") == ("issued", ["authorized"])
    assert await stores.states(storage, "sad-b") == ("issued", ["authorized"])
    assert await stores.states(storage, "sad-c") == ("issued", ["authorized"] * 2)


async def test_a_caller_who_gives_up_disturbs_nobody(storage: Storage) -> None:
    """Cancelled calls do or do not happen; all the others are answered."""
    tasks = [
        asyncio.create_task(stores.issue(storage, f"sad-{n}", DIGEST_A)) for n in range(CALLERS)
    ]
    await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(result, asyncio.CancelledError) for result in results[::2])
    for number in range(1, CALLERS, 2):
        assert (await stores.states(storage, f"sad-{number}"))[0] == "issued"


async def _all(calls: Any) -> list[Any]:
    return await asyncio.gather(*calls, return_exceptions=True)


def _one_of(results: Sequence[Any], refusal: type[Exception]) -> Any:
    """The one result that is not this refusal."""
    [success] = [result for result in results if not isinstance(result, Exception)]
    refused = [result for result in results if isinstance(result, refusal)]
    assert len(refused) == len(results) - 1, results
    return success


async def _worker(url: str, directory: Path, name: str) -> Process:
    await asyncio.to_thread(directory.mkdir)
    arguments = [sys.executable, "-m", "tests.contracts.worker", url, str(directory), name]
    process = await asyncio.create_subprocess_exec(*arguments, stdin=PIPE, stdout=PIPE)
    assert process.stdout is not None
    assert await asyncio.wait_for(process.stdout.readline(), DEADLINE_S) == b"ready\n"
    return process


async def _ask(workers: list[Process], line: str) -> list[bytes]:
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write(line.encode() + b"\n")
    answers = [worker.stdout.readline() for worker in workers if worker.stdout is not None]
    return await asyncio.wait_for(asyncio.gather(*answers), DEADLINE_S)
