"""What others notice: the slowest of their requests alone, and while something heavy goes on.

Heavy is a login, which hashes a password for some 30 ms and 46 MiB. Others ask `info`, or
authorise and sign, at a pace that leaves the machine room. Large documents: ``bench.documents``.
"""

from __future__ import annotations

import asyncio
import base64
import functools
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from statistics import median
from typing import Final

from bench import load
from bench.load import Connection, Result, Step, Target
from bench.report import Row
from tests.service import PASSWORD, Person

LOGINS: Final = 20
_PAUSE_S: Final = 0.005
_ALONE: Final = "alone (p99)"
_UNCHANGED: Final = "1.00"


@dataclass(frozen=True)
class Load:
    """Something heavy: what each of its clients does again and again."""

    what: str
    steps: tuple[Step, ...]
    """One for each client."""


async def rows(
    target: Target, people: Sequence[Person], *, seconds: float, repeats: int
) -> list[Row]:
    """One row for each load and each kind of request."""
    logins = Load(
        f"while {LOGINS} people log in",
        tuple(
            functools.partial(_log_in, base_url=target.base_url, person=people[n % len(people)])
            for n in range(LOGINS)
        ),
    )
    info = functools.partial(load.good, head=load.head(target.base_url, "v1/info"), body=b"{}")
    pair = functools.partial(load.pair, target=target, batch=1)
    cases: list[tuple[str, Step, Load, str]] = [
        ("info", info, logins, _UNCHANGED),
        ("P-256: authorize + signHash", pair, logins, _UNCHANGED),
    ]
    return [
        await _row(what, target.base_url, step, heavy, wanted, seconds, repeats)
        for what, step, heavy, wanted in cases
    ]


async def _row(
    what: str,
    base_url: str,
    step: Step,
    heavy: Load,
    wanted: str,
    seconds: float,
    repeats: int,
) -> Row:
    """Alone and beside the load in turn, so that both meet the same machine."""
    ratios: list[float] = []
    results: list[Result] = []
    for _ in range(repeats):
        alone = await _probe(base_url, step, seconds)
        async with _under(base_url, heavy):
            beside = await _probe(base_url, step, seconds)
        ratios.append(beside.p99_ms / alone.p99_ms)
        results.append(beside)
    results.sort(key=lambda one: one.p99_ms)
    chosen = results[len(results) // 2]
    return Row(f"{what}, {heavy.what}", chosen.per_s, _ALONE, median(ratios), wanted, chosen)


async def _probe(base_url: str, step: Step, seconds: float) -> Result:
    return await load.drive(base_url, step, concurrency=1, seconds=seconds, pause_s=_PAUSE_S)


@asynccontextmanager
async def _under(base_url: str, heavy: Load) -> AsyncIterator[None]:
    """The load goes on while the context lasts; what is under way at its end is finished."""
    over = asyncio.Event()

    async def client(step: Step) -> None:
        connection = await Connection.open(base_url)
        while not over.is_set():
            await step(connection)
        connection.close()

    clients = [asyncio.create_task(client(step)) for step in heavy.steps]
    try:
        yield
    finally:
        over.set()
        await asyncio.gather(*clients)


async def _log_in(connection: Connection, base_url: str, person: Person) -> None:
    pair = base64.b64encode(f"{person.username}:{PASSWORD}".encode()).decode()
    await load.good(connection, load.head(base_url, "v1/auth/login", f"Basic {pair}"), b"{}")
