"""The HSM in trouble: killed, hung, segfaulting, its token gone and back.

Calls fail within 5 s with 503 and Retry-After, everything heals without a restart, and other
endpoints go on answering meanwhile.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from pathlib import Path
from statistics import quantiles

import aiohttp
import pytest

from tests import service
from tests.campaign.load import GONE
from tests.service import Client, Person, Service, digest_of

FAIL_WITHIN_S = 5.0
HEAL_WITHIN_S = 10.0
A = digest_of("trouble")


@contextmanager
def signalled(running: Service, number: signal.Signals) -> Iterator[None]:
    """Every signer process gets this signal, once."""
    for process in running.signer_processes():
        os.kill(process.pid, number)
    yield


@contextmanager
def killed(running: Service) -> Iterator[None]:
    """SIGKILL."""
    with signalled(running, signal.SIGKILL):
        yield


@contextmanager
def hung(running: Service) -> Iterator[None]:
    """SIGSTOP: alive and silent, like a call into a stuck driver."""
    with signalled(running, signal.SIGSTOP):
        yield


@contextmanager
def segfaulting(running: Service) -> Iterator[None]:
    """SIGSEGV, as a broken module would raise it."""
    with signalled(running, signal.SIGSEGV):
        yield


@contextmanager
def token_gone(running: Service) -> Iterator[None]:
    """The token directory moved away, and back at the end."""
    tokens = running.settings.path(Path("tokens"))
    away = tokens.with_name("tokens.away")
    tokens.rename(away)
    try:
        yield
    finally:
        away.rename(tokens)


@pytest.mark.parametrize("fault", [killed, hung, segfaulting, token_gone])
def test_the_device_fails_and_heals(
    tmp_path: Path, rounds: int, fault: Callable[[Service], AbstractContextManager[None]]
) -> None:
    """Each fault, again and again, on one running service."""
    settings = service.create_instance(tmp_path / "instance", log_level="error")
    people = asyncio.run(service.enrol(settings, {"alice": service.PIN_P256}))
    running = Service(settings)
    running.start()
    web = {process.pid for process in running.web_processes()}
    try:
        for _ in range(max(1, rounds // 10)):
            asyncio.run(_round(running, people["alice"], fault))
        assert {process.pid for process in running.web_processes()} == web
    finally:
        assert running.stop() == 0


async def _round(
    running: Service, person: Person, fault: Callable[[Service], AbstractContextManager[None]]
) -> None:
    async with _logged_in(running, person) as client:
        credential = person.credentials["pin-p256"]
        prepared = [(await client.authorize(credential, A)).body["SAD"] for _ in range(6)]
        async with _watched_info(running) as latencies_s:
            with fault(running):
                replies = await asyncio.gather(
                    *(_sign(client, credential, sad) for sad in prepared),
                    _password(running, person, {200}),
                    _password(running, Person("nobody-at-all", ""), {400}),
                )
            slowest_s = max(seconds for _, seconds in replies)
            assert slowest_s < FAIL_WITHIN_S, f"a call took {slowest_s:.1f} s"
            await _healed(client, credential)
        print(
            f"\n{fault.__name__}: answers {sorted({status for status, _ in replies})}, "
            f"slowest {slowest_s:.2f} s, info p99 {quantiles(latencies_s, n=100)[-1] * 1e3:.0f} ms"
        )
        assert max(latencies_s) < FAIL_WITHIN_S / 2


async def _sign(client: Client, credential: str, sad: str) -> tuple[int, float]:
    started = time.monotonic()
    reply = await client.sign_hash(credential, sad, A)
    if reply.status != 200:
        assert reply.status == 503, reply
        assert int(reply.headers["Retry-After"]) >= 1
    return reply.status, time.monotonic() - started


async def _password(running: Service, person: Person, good: set[int]) -> tuple[int, float]:
    """A login: the HSM judges passwords, of accounts that do not exist too."""
    started = time.monotonic()
    async with aiohttp.ClientSession() as http:
        reply = await Client(http, running.base_url).log_in(person)
    if reply.status not in good:
        assert reply.status == 503, reply
        assert int(reply.headers["Retry-After"]) >= 1
    return reply.status, time.monotonic() - started


async def _healed(client: Client, credential: str) -> None:
    """Afterwards a new approval gives a signature again, without anybody's help."""
    deadline = time.monotonic() + HEAL_WITHIN_S
    while time.monotonic() < deadline:
        issued = await client.authorize(credential, A)
        if issued.status == 200:
            signed = await client.sign_hash(credential, issued.body["SAD"], A)
            if signed.status == 200:
                return
        await asyncio.sleep(0.1)
    raise AssertionError(f"not healed within {HEAL_WITHIN_S} s")


@asynccontextmanager
async def _logged_in(running: Service, person: Person) -> AsyncIterator[Client]:
    async with aiohttp.ClientSession() as http:
        client = Client(http, running.base_url)
        assert (await client.log_in(person)).status == 200
        yield client


@asynccontextmanager
async def _watched_info(running: Service) -> AsyncIterator[list[float]]:
    """Latencies of `info`, asked all the time while the context lasts."""
    latencies_s: list[float] = []

    async def ask() -> None:
        async with aiohttp.ClientSession() as http:
            other = Client(http, running.base_url)
            while True:
                started = time.monotonic()
                assert (await other.post("info", {})).status == 200
                latencies_s.append(time.monotonic() - started)
                await asyncio.sleep(0.01)

    asking = asyncio.create_task(ask())
    try:
        yield latencies_s
    finally:
        asking.cancel()
        await asyncio.wait([asking])
        if not asking.cancelled() and (reason := asking.exception()) is not None:
            assert isinstance(reason, GONE), reason
            raise AssertionError("info stopped answering") from reason
