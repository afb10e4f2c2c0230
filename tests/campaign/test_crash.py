"""kill -9 of signer, web or database at random moments of a signing load.

0 double signatures, 0 signatures without an intent, and the service is back by itself within 10 s.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from csc_server.commands import audit
from csc_server.config import Settings
from tests import postgres, service
from tests.campaign import load
from tests.campaign.load import Ledger
from tests.service import Service

CLIENTS = 8
BACK_WITHIN_S = 10.0


def kill_signer(running: Service) -> None:
    """One signer process, whatever it does at the moment."""
    _kill(running.signer_processes())


def kill_web(running: Service) -> None:
    """One web process; its signers die with it."""
    _kill(running.web_processes())


def _kill(processes: list[psutil.Process]) -> None:
    if processes:
        random.choice(processes).kill()


@pytest.mark.parametrize("victim", [kill_signer, kill_web])
def test_processes_killed_while_signing(
    tmp_path: Path, rounds: int, victim: Callable[[Service], None]
) -> None:
    """Signer or web, on SQLite."""
    settings = service.create_instance(tmp_path / "instance", log_level="error")
    _campaign(settings, rounds, victim)


def test_database_killed_while_signing(tmp_path: Path, rounds: int) -> None:
    """The postmaster, killed and started again like a service manager would."""
    server = postgres.shared()
    url = server.create_database()
    settings = service.create_instance(
        tmp_path / "instance", database_url=url, workers=2, log_level="error"
    )

    def kill(running: Service) -> None:
        del running
        server.kill9()
        server.start()

    _campaign(settings, rounds, kill)


def _campaign(settings: Settings, rounds: int, victim: Callable[[Service], None]) -> None:
    people = asyncio.run(service.enrol(settings, {"alice": service.PIN_P256}))
    running = Service(settings)
    running.start()
    ledger = Ledger()
    try:
        slowest_s = asyncio.run(_under_fire(running, people["alice"], rounds, victim, ledger))
    finally:
        assert running.stop() == 0
    load.judge(running, ledger)
    assert asyncio.run(audit.verify_log(settings)).finding is None
    assert len(ledger.signatures) >= rounds
    print(
        f"\n{victim.__name__}: {rounds} rounds, {len(ledger.signatures)} signatures, "
        f"answers {dict(ledger.refused)}, slowest return {slowest_s:.1f} s"
    )


async def _under_fire(
    running: Service,
    person: service.Person,
    rounds: int,
    victim: Callable[[Service], None],
    ledger: Ledger,
) -> float:
    """Kill, wait until it is back, again; the slowest return in seconds."""
    slowest_s = 0.0
    for _ in range(rounds):
        stop = asyncio.Event()
        clients = [
            asyncio.create_task(load.signing(running, person, ledger, stop)) for _ in range(CLIENTS)
        ]
        await asyncio.sleep(random.uniform(0.05, 0.6))  # the random moment, not a wait
        before, killed_at = len(ledger.signatures), time.monotonic()
        await asyncio.to_thread(victim, running)
        while len(ledger.signatures) < before + CLIENTS:
            await asyncio.sleep(0.02)
            assert time.monotonic() - killed_at < BACK_WITHIN_S, "not back in time"
        slowest_s = max(slowest_s, time.monotonic() - killed_at)
        stop.set()
        await asyncio.gather(*clients)
    return slowest_s
