"""The port ``Jobs``: asynchronous work, on both engines."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime

from csc_server.ports.documents import NewJob
from csc_server.storage import Storage
from policies.audit import EventType
from policies.jobs import Job, JobState, SigningResult
from policies.secret import ResponseId
from tests.build import ALICE, HOUR, SECOND, T0
from tests.contracts import stores

RESULT = SigningResult(
    signatures=(b"\x00one", b""), documents=("1-a/signed-0",), objects=("1-a/signed-1",)
)


def new_job(name: str, kept_until: datetime = T0 + HOUR) -> NewJob:
    """Alice's work, to be finished within ten seconds."""
    job = Job(
        account_id=ALICE.account_id,
        client_id=ALICE.client_id,
        state=JobState.ACCEPTED,
        finish_by=T0 + 10 * SECOND,
        kept_until=kept_until,
        result=None,
    )
    return NewJob(ResponseId(name), job)


async def test_accepted_then_done(storage: Storage) -> None:
    """All of the result comes back; the handle itself is nowhere in the store."""
    new = new_job("handle-of-the-job")
    assert await storage.jobs.find(new.response_id) is None
    await storage.jobs.accept(new, T0)
    assert await storage.jobs.find(new.response_id) == new.job
    await storage.jobs.finish(new.response_id, RESULT, T0 + SECOND)
    done = replace(new.job, state=JobState.DONE, result=RESULT)
    assert await storage.jobs.find(new.response_id) == done


async def test_the_first_end_counts(storage: Storage) -> None:
    """What failed does not become done later, and the other way round."""
    for name, first, second in (("a", None, RESULT), ("b", RESULT, None)):
        new = new_job(name)
        await storage.jobs.accept(new, T0)
        await storage.jobs.finish(new.response_id, first, T0)
        await storage.jobs.finish(new.response_id, second, T0)
        found = await storage.jobs.find(new.response_id)
        assert found is not None
        assert found.result == first
        assert found.state is (JobState.FAILED if first is None else JobState.DONE)


async def test_too_late_is_too_late(storage: Storage) -> None:
    """At the end of its time the job counts as failed: a result that comes then is dropped."""
    late, just = new_job("late"), new_job("just")
    for new, now in ((late, T0 + 10 * SECOND), (just, T0 + 9 * SECOND)):
        await storage.jobs.accept(new, T0)
        await storage.jobs.finish(new.response_id, RESULT, now)
    found = await storage.jobs.find(late.response_id)
    assert found == late.job
    found = await storage.jobs.find(just.response_id)
    assert found is not None
    assert found.result == RESULT


async def test_the_end_is_on_record(storage: Storage) -> None:
    """Events are written with it."""
    new = new_job("a")
    await storage.jobs.accept(new, T0)
    failed = stores.event(EventType.SIGN_FAILED, reason="test")
    before = await _records(storage)
    await storage.jobs.finish(new.response_id, None, T0, [failed])
    assert await _records(storage) == before + 1


async def test_forgotten_in_batches(storage: Storage) -> None:
    """At its end a job goes, oldest first, never more than asked for at once."""
    names = ["a", "b", "c"]
    for number, name in enumerate(names):
        await storage.jobs.accept(new_job(name, T0 + (number + 1) * SECOND), T0)
    assert await storage.jobs.forget(T0, 10) == 0
    assert await storage.jobs.forget(T0 + 2 * SECOND, 1) == 1
    assert await storage.jobs.find(ResponseId("a")) is None
    assert await storage.jobs.find(ResponseId("b")) is not None
    assert await storage.jobs.forget(T0 + 2 * SECOND, 10) == 1
    assert await storage.jobs.find(ResponseId("c")) is not None


async def test_racing_ends(storage: Storage) -> None:
    """Many ends at once: one of them, whole."""
    new = new_job("a")
    await storage.jobs.accept(new, T0)
    ends = [SigningResult(signatures=(bytes([number]),)) for number in range(8)]
    await asyncio.gather(*(storage.jobs.finish(new.response_id, end, T0) for end in ends))
    found = await storage.jobs.find(new.response_id)
    assert found is not None
    assert found.result in ends


async def _records(storage: Storage) -> int:
    from csc_server.storage.audit import READ_HEAD

    row = await storage.database.row(READ_HEAD)
    assert row is not None
    return int(row[0])
