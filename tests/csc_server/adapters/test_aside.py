"""Work that steps aside: in a thread that is nicer than others, and not for ever."""

from __future__ import annotations

import asyncio
import os
import threading

import pytest

from csc_server.adapters.aside import NICENESS, Aside


def niceness() -> int:
    """Of the calling thread."""
    return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())


async def test_work_steps_aside() -> None:
    """In one thread, nicer than the one that answers requests, which stays as it was."""
    before, aside = niceness(), Aside("test")
    found = await asyncio.gather(*(aside.run(niceness) for _ in range(4)))
    threads = await asyncio.gather(*(aside.run(threading.get_ident) for _ in range(4)))
    assert set(found) == {min(before + NICENESS, 19)}
    assert len(set(threads)) == 1
    assert niceness() == before


async def test_work_that_waits_too_long_is_done_by_another_thread() -> None:
    """As on a machine that leaves nothing over: everybody gets an answer, without niceness."""
    aside, stuck, begun = Aside("test", patience_s=0.01), threading.Event(), threading.Event()

    def work(number: int) -> tuple[int, int]:
        if niceness() != before:
            begun.set()
            stuck.wait()
        return number, niceness()

    before = niceness()
    try:
        found = await asyncio.gather(*(aside.run(work, number) for number in range(5)))
        assert found == [(number, before) for number in range(5)]
        assert begun.is_set()
    finally:
        stuck.set()


async def test_nobody_works_for_who_left() -> None:
    """What is waited for no more is not begun; what fails, fails for who asked."""
    aside, stuck, done = Aside("test"), threading.Event(), list[int]()
    busy = asyncio.create_task(aside.run(stuck.wait))
    left = asyncio.create_task(aside.run(done.append, 1))
    await asyncio.sleep(0)
    left.cancel()
    await asyncio.wait([left])
    stuck.set()
    assert await busy
    with pytest.raises(ZeroDivisionError):
        await aside.run(divmod, 1, 0)
    assert not done
