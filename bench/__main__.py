"""`make bench`: how fast, as ratios within one run, as a Markdown table.

Everything runs on loopback, bounded in count and time. Each figure is the median of several short
runs. The pairs authorise by PIN so that one account suffices; one row does it by TOTP with many
accounts, because a code is good once.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median
from typing import Final

import aiohttp
import psutil

from bench import documents, dummy, load, neighbours, status, tokens
from bench.load import Result, Target
from bench.report import HEAD, Row
from csc_server import app
from csc_server.config import Settings
from hsm.messages import Role
from hsm.pool import SignerPool
from policies.algorithms import KeyAlgorithm
from tests import service
from tests.ports import free_port
from tests.service import PIN, Client, Person, Service, Wanted

RSA: Final = "1.2.840.113549.1.1.11"
ECDSA: Final = "1.2.840.10045.4.3.2"
RAW_COUNTS: Final = {KeyAlgorithm.RSA_3072: 150, KeyAlgorithm.P_256: 4000}
"""Bare signatures per process and measurement, about a second."""
_ALGORITHMS: Final = {"RSA-3072": RSA, "P-256": ECDSA}


@asynccontextmanager
async def raw_pool(settings: Settings) -> AsyncIterator[SignerPool]:
    """Signer processes like the service's own, which do nothing but sign."""
    roles = frozenset({Role.SIGN, Role.BENCH})
    wanted = app.pool_settings(settings, roles=roles, processes=settings.pkcs11.processes)
    async with SignerPool(wanted) as pool:
        yield pool


async def raw_rate(pool: SignerPool, processes: int, algorithm: KeyAlgorithm) -> float:
    """`C_Sign` per second of all signer processes together, over the time they all took."""
    # The first round makes each process its key; all are free, so each gets one call.
    await asyncio.gather(*(pool.raw_signing_s(algorithm, 1) for _ in range(processes)))
    count = RAW_COUNTS[algorithm]
    started = time.perf_counter()
    await asyncio.gather(*(pool.raw_signing_s(algorithm, count) for _ in range(processes)))
    return processes * count / (time.perf_counter() - started)


class Bench:
    """One run of everything."""

    def __init__(self, settings: Settings, seconds: float, repeats: int, codes: int) -> None:
        self._settings, self._seconds, self._repeats = settings, seconds, repeats
        self._codes = codes
        self._service = Service(settings)
        self.rows: list[Row] = []

    async def run(self, directory: Path) -> None:
        """Measure, row after row."""
        people = await service.enrol(self._settings, _people(self._codes))
        cookie = await tokens.prepare(self._settings, people["bench"])
        started = time.monotonic()
        await asyncio.to_thread(self._service.start)
        start_up_s = time.monotonic() - started
        try:
            async with raw_pool(self._settings) as pool:
                for label in _ALGORITHMS:
                    await self._signatures(pool, people["bench"], label)
            await self._by_code(people)
            self.rows += await tokens.rows(
                self._service.base_url, cookie, seconds=self._seconds, repeats=self._repeats
            )
            self.rows += await neighbours.rows(
                await self._target(people["bench"], "P-256"),
                list(people.values()),
                seconds=self._seconds,
                repeats=self._repeats,
            )
            self.rows += await documents.rows(
                await self._target(people["bench"], "P-256"),
                seconds=self._seconds,
                repeats=self._repeats,
            )
            await self._against_dummy(people["bench"], directory)
            memory = self._memory()
        finally:
            await asyncio.to_thread(self._service.stop)
        costs = await self._status()
        print("\n".join([HEAD, *(row.line() for row in self.rows)]))
        print(f"\nStart-up with an initialised instance: {start_up_s:.1f} s (to reach: 3 s)")
        print(f"Resident memory, largest process: {memory:.0f} MB (to reach: 120 MB)")
        print("\n".join(costs))

    async def _signatures(self, pool: SignerPool, person: Person, label: str) -> None:
        """Raw speed and ours in turn, so that both meet the same machine."""
        algorithm = KeyAlgorithm.of_label(label)
        processes = self._settings.pkcs11.processes
        target = await self._target(person, label)
        bases: list[float] = []
        rows: list[Row] = []
        for what, concurrency, batch, goal in _cases(label):
            ratios: list[float] = []
            results: list[Result] = []
            for _ in range(self._repeats):
                base = await raw_rate(pool, processes, algorithm)
                result = await load.run(
                    [target], concurrency=concurrency, batch=batch, seconds=self._seconds
                )
                bases.append(base)
                results.append(result)
                ratios.append(result.per_s / base)
            results.sort(key=lambda one: one.per_s)
            chosen = results[len(results) // 2]
            rows.append(Row(what, chosen.per_s, "raw", median(ratios), goal, chosen))
        name = f"{label}: raw C_Sign, {processes} signer processes"
        self.rows += [Row(name, median(bases), "", None, ""), *rows]

    async def _status(self) -> list[str]:
        """Rows of the status process; what its answers cost."""
        measured = status.StatusBench(self._settings, self._seconds, self._repeats)
        async with raw_pool(self._settings) as pool:

            async def raw() -> float:
                return await raw_rate(pool, 1, KeyAlgorithm.P_256)

            self.rows += await measured.rows(raw, status.FEW)
        return measured.costs

    async def _by_code(self, people: dict[str, Person]) -> None:
        targets = []
        for person in people.values():
            if person.seed is not None:
                code = person.code
                token = await self._token(person)
                targets.append(
                    Target(
                        self._service.base_url,
                        person.credentials["otp"],
                        ECDSA,
                        token,
                        lambda code=code: {"OTP": code()},  # type: ignore[misc] # bound early
                    )
                )
        result = await load.once_each(targets, concurrency=16)
        what = f"P-256: authorize by TOTP + signHash, 16 at once, {len(targets)} accounts"
        self.rows.append(Row(what, result.per_s, "", None, "", result))

    async def _against_dummy(self, person: Person, directory: Path) -> None:
        """Ours and theirs in turn, so that both meet the same machine."""
        with dummy.running(directory / "dummy", free_port()) as base_url:
            for label, name in (("P-256", "p256"), ("RSA-3072", "rsa")):
                ours = await self._target(person, label)
                theirs = Target(base_url, f"bench/{name}", _ALGORITHMS[label])
                pairs = [
                    (await self._short(ours), await self._short(theirs))
                    for _ in range(self._repeats)
                ]
                ratio = median(one.per_s / other.per_s for one, other in pairs)
                mine = sorted((one for one, _ in pairs), key=lambda r: r.per_s)
                chosen = mine[len(mine) // 2]
                goal = "1.00" if label == "P-256" else ""
                what = f"{label}: authorize + signHash, 16 at once"
                rate = chosen.per_s
                self.rows.append(Row(what, rate, "certomancer-csc-dummy", ratio, goal, chosen))

    async def _short(self, target: Target) -> Result:
        return await load.run([target], concurrency=16, batch=1, seconds=self._seconds)

    async def _target(self, person: Person, label: str) -> Target:
        token = await self._token(person)
        return Target(
            self._service.base_url,
            person.credentials[label],
            _ALGORITHMS[label],
            token,
            lambda: {"PIN": PIN},
        )

    async def _token(self, person: Person) -> str:
        async with aiohttp.ClientSession() as http:
            client = Client(http, self._service.base_url)
            await client.log_in(person)
            assert client.token is not None
            return client.token

    def _memory(self) -> float:
        top = psutil.Process(self._service.pid)
        return max(one.memory_info().rss for one in [top, *top.children(recursive=True)]) / 1e6


def _cases(label: str) -> list[tuple[str, int, int, str]]:
    """(what, clients, hashes per pair, figure to reach)."""
    rsa = label == "RSA-3072"
    pair = f"{label}: authorize + signHash"
    return [
        (f"{pair}, 1 at once", 1, 1, ""),
        (f"{pair}, 16 at once", 16, 1, "0.60" if rsa else ""),
        (f"{pair}, 64 at once", 64, 1, "p99 ≤ 10 x p50"),
        (f"{pair} in batches of 100, 4 at once", 4, 100, "0.90" if rsa else "0.70"),
    ]


def _people(codes: int) -> dict[str, dict[str, Wanted]]:
    people = {"bench": {label: Wanted(KeyAlgorithm.of_label(label)) for label in _ALGORITHMS}}
    otp = {"otp": Wanted(KeyAlgorithm.P_256, pin=False, otp=True)}
    return people | {f"code-{number}": otp for number in range(codes)}


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--seconds", type=float, default=4.0, help="length of each short run")
    parser.add_argument("--repeats", type=int, default=3, help="short runs per figure")
    parser.add_argument("--codes", type=int, default=300, help="accounts for the TOTP row")
    arguments = parser.parse_args()
    print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, SQLite, loopback\n")
    with tempfile.TemporaryDirectory() as name:
        settings = service.create_instance(Path(name) / "instance")
        bench = Bench(settings, arguments.seconds, arguments.repeats, arguments.codes)
        asyncio.run(bench.run(Path(name)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
