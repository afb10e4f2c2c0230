"""Many units share a commit; each is answered after it, and none is forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from csc_server.ports import StorageUnavailable
from csc_server.storage import Storage, groups
from csc_server.storage.groups import Groups
from csc_server.storage.units import Unit
from policies.audit import EventType
from tests.build import DIGEST_A
from tests.contracts import stores


def unit(_: Any) -> int:
    """A unit that returns something."""
    return 7


async def test_what_waits_is_run_together() -> None:
    """The first call runs alone or with its neighbours; what came meanwhile is one group."""
    sizes: list[int] = []
    gate = asyncio.Event()

    async def run(group: Sequence[Unit]) -> list[Any]:
        sizes.append(len(group))
        await gate.wait()
        return [7] * len(group)

    queue = Groups(run, lanes=1)
    first = [asyncio.create_task(queue.submit(unit)) for _ in range(3)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    later = [asyncio.create_task(queue.submit(unit)) for _ in range(groups.LARGEST + 5)]
    await asyncio.sleep(0)
    assert not any(task.done() for task in first)
    gate.set()
    assert set(await asyncio.gather(*first, *later)) == {7}
    assert sizes == [3, groups.LARGEST, 5]
    await queue.close()


@pytest.mark.parametrize("callers", [1, 10])
async def test_calls_in_a_row_are_all_answered(callers: int) -> None:
    """A call that comes in the instant in which the queue ran empty starts it again."""

    async def run(group: Sequence[Unit]) -> list[Any]:
        await asyncio.sleep(0)
        return [7] * len(group)

    queue = Groups(run, lanes=1)

    async def caller() -> None:
        for _ in range(50):
            assert await queue.submit(unit) == 7

    async with asyncio.timeout(30):
        await asyncio.gather(*(caller() for _ in range(callers)))
    await queue.close()


@pytest.mark.parametrize("fault", [StorageUnavailable("gone"), ZeroDivisionError("a bug")])
async def test_a_group_that_fails_answers_all_its_callers(fault: Exception) -> None:
    """Each gets an error of his own, and the next group runs."""
    faults = [fault]

    async def run(group: Sequence[Unit]) -> list[Any]:
        if faults:
            raise faults.pop()
        return [7] * len(group)

    queue = Groups(run, lanes=1)
    calls = [queue.submit(unit) for _ in range(3)]
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(result) for result in results] == [StorageUnavailable] * 3
    assert len({id(result) for result in results}) == 3
    assert await queue.submit(unit) == 7
    await queue.close()


async def test_a_closed_queue_takes_nothing() -> None:
    """What was handed in is finished, what comes later is refused."""

    async def run(group: Sequence[Unit]) -> list[Any]:
        await asyncio.sleep(0)
        return [7] * len(group)

    queue = Groups(run, lanes=1)
    call = asyncio.create_task(queue.submit(unit))
    await asyncio.sleep(0)
    await queue.close()
    assert await call == 7
    with pytest.raises(StorageUnavailable):
        await queue.submit(unit)


async def test_an_answered_call_is_seen_by_the_next_read(storage: Storage) -> None:
    """Reads begin on a snapshot that is not older than the call."""
    for number in range(20):
        name = f"sad-{number}"
        calls = [stores.issue(storage, f"{name}-{n}", DIGEST_A) for n in range(4)]
        await asyncio.gather(*calls, *(storage.ping() for _ in range(4)))
        for other in range(4):
            assert (await stores.states(storage, f"{name}-{other}"))[0] == "issued"


async def test_an_event_that_is_no_json_fails_alone(storage: Storage) -> None:
    """A fault of one caller does not take the group with it."""
    bad = stores.event(EventType.LOGIN, number=object())  # type: ignore[arg-type]  # on purpose
    good = stores.event(EventType.LOGIN)
    results = await asyncio.gather(
        storage.authorizations.note([good]),
        storage.authorizations.note([bad]),
        storage.authorizations.note([good]),
        return_exceptions=True,
    )
    assert [type(result) for result in results] == [type(None), TypeError, type(None)]
