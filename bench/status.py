"""How fast status is told: OCSP made in advance, OCSP with a nonce, time-stamps, and the renewal.

`python -m bench.status` runs this part alone, `--certificates 100000` renews so many; otherwise
few are renewed and the rest is reckoned. On a machine with two cores the client, the status
process and its signer share them: beside each rate stands what an answer costs the status process
in processor time, which is what a core of its own would be worth.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import itertools
import json
import os
import secrets
import sqlite3
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, closing
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Final
from urllib.parse import quote

from bench import sockets
from bench.load import Result
from bench.report import HEAD, Row
from csc_server import app
from csc_server.config import Settings
from pki import issuers, timestamps
from pki.timestamps import TimestampRequest
from policies.algorithms import HashAlgorithm
from policies.status import OCSP_VALIDITY
from tests import service
from tests.pki import ocsp_cases
from tests.service import Service

CONCURRENCY: Final = 16
WANTED: Final = 100_000
"""Certificates whose answers are renewed within ``WITHIN_S``."""
WITHIN_S: Final = 600
PATIENCE_S: Final = 3600
"""A machine that is busy with other things is measured too."""
GOALS: Final = {"advance": "3,000/s", "nonce": "400/s", "stamp": "200/s"}
FEW: Final = 2000
"""Certificates that are renewed unless more are asked for; the rest is reckoned."""
_DIFFERENT: Final = 500
"""Requests with a nonce that are made beforehand."""
_COLUMNS: Final = (
    "serial, position, moved, issuer_id, profile, state, tbs, certificate, not_before, not_after,"
    " reserved_at"
)


class StatusBench:
    """The status process of one instance, measured."""

    def __init__(self, settings: Settings, seconds: float, repeats: int) -> None:
        self._settings, self._seconds, self._repeats = settings, seconds, repeats
        self._service = Service(settings, "status", "authority")
        self._issuer = settings.path(app.CA_ISSUING).read_bytes()
        self.renewal = ""
        self.costs: list[str] = []
        """What an answer costs the status process, one line each."""

    async def rows(self, raw: Callable[[], Awaitable[float]], certificates: int) -> list[Row]:
        """All rows.

        Args:
            raw: Signatures per second of one bare signer process with P-256, measured now.
            certificates: How many are renewed.
        """
        serials = self._fill(certificates)
        async with self._running(certificates):
            found = [await self._row(kind, make, raw) for kind, make in self._kinds(serials)]
        self._age()
        async with self._running(certificates) as took_s:
            pass
        self.costs.append(f"Renewal: {self.renewal} for each certificate")
        return [*found, _renewal(certificates, took_s, await raw())]

    def _kinds(self, serials: list[int]) -> list[tuple[str, Iterator[bytes]]]:
        issuer, some = self._issuer, serials[-200:]
        plain = [ocsp_cases.request(ocsp_cases.cert_id(issuer, one)) for one in some]
        paths = [quote(base64.b64encode(one).decode(), safe="") for one in plain]
        fresh = [
            ocsp_cases.request(
                ocsp_cases.cert_id(issuer, some[number % len(some)]),
                extensions=(ocsp_cases.nonce(os.urandom(32)),),
            )
            for number in range(_DIFFERENT)
        ]
        wishes = [
            TimestampRequest(os.urandom(32), HashAlgorithm.SHA256, secrets.randbits(64), None)
            for _ in range(_DIFFERENT)
        ]
        return [
            ("advance", itertools.cycle([_get(f"/ocsp/{path}") for path in paths])),
            (
                "nonce",
                itertools.cycle([_post("/ocsp", "application/ocsp-request", b) for b in fresh]),
            ),
            (
                "stamp",
                itertools.cycle(
                    [_post("/tsa", timestamps.QUERY_TYPE, timestamps.encode(w)) for w in wishes]
                ),
            ),
        ]

    async def _row(
        self, kind: str, requests: Iterator[bytes], raw: Callable[[], Awaitable[float]]
    ) -> Row:
        """Raw speed and ours in turn, so that both meet the same machine."""
        results: list[Result] = []
        ratios, costs = [], []
        for _ in range(self._repeats):
            base = await raw()
            before_s = self._processor_s()
            result = await asyncio.to_thread(
                sockets.drive,
                self._settings.pki.base_url,
                requests.__next__,
                _good,
                concurrency=CONCURRENCY,
                seconds=self._seconds,
            )
            spent_s = self._processor_s() - before_s
            results.append(result)
            ratios.append(result.per_s / base)
            costs.append(spent_s / (result.per_s * self._seconds) * 1e6)
        results.sort(key=lambda one: one.per_s)
        chosen = results[len(results) // 2]
        what = {
            "advance": "OCSP made in advance, GET",
            "nonce": "OCSP with nonce, P-256, POST",
            "stamp": "Time-stamp, P-256",
        }[kind]
        self.costs.append(f"{what}: {median(costs):.0f} µs of the status process for each answer")
        name = f"{what}, {CONCURRENCY} at once"
        return Row(name, chosen.per_s, "raw", median(ratios), GOALS[kind], chosen)

    @asynccontextmanager
    async def _running(self, certificates: int) -> AsyncIterator[float]:
        """The service, from when all answers are there on; how long they took, in seconds."""
        read = self._service.log.stat().st_size if self._service.log.exists() else 0
        await asyncio.to_thread(self._service.start)
        try:
            before_s = self._processor_s(signers=True)
            took_s = await self._round(read, 2 * certificates)
            spent_s = self._processor_s(signers=True) - before_s
            self.renewal = f"{spent_s / certificates * 1e6:.0f} µs of status process and signer"
            yield took_s
        finally:
            await asyncio.to_thread(self._service.stop)

    async def _round(self, read: int, least: int) -> float:
        """How long the first round took that made so many, by the log from there on."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            await asyncio.sleep(0.2)
            for line in self._service.log.read_bytes()[read:].splitlines():
                event = json.loads(line) if line.startswith(b"{") else {}
                if event.get("event") == "answers_renewed" and event["made"] >= least:
                    return float(event["took_s"])
        raise AssertionError("not renewed in time")

    def _fill(self, count: int) -> list[int]:
        """Lines of the register that nobody signed: their status is told like any other's."""
        issuer_id = issuers.issuer_id(self._issuer)
        serials = [secrets.randbits(127) | 1 << 126 for _ in range(count)]
        now = int(time.time() * 1e6)
        end = now + 365 * 86_400 * 1_000_000
        with closing(sqlite3.connect(self._settings.database.removeprefix("sqlite:///"))) as sql:
            [last] = sql.execute(
                "SELECT max(max(position), max(moved)) FROM certificates"
            ).fetchone()
            sql.executemany(
                f"INSERT INTO certificates ({_COLUMNS})"  # noqa: S608 - ours
                " VALUES (?, ?, ?, ?, 'signature', 'issued', x'', x'', ?, ?, ?)",
                [
                    (f"{one:x}", last + number, last + number, issuer_id, now, end, now)
                    for number, one in enumerate(serials, 1)
                ],
            )
            sql.commit()
        return serials

    def _age(self) -> None:
        """Every answer is half through its life."""
        then = time.time() - OCSP_VALIDITY.total_seconds() / 2
        for directory, _, names in os.walk(self._settings.path(Path("public/ocsp"))):
            for name in names:
                os.utime(os.path.join(directory, name), (then, then))

    def _processor_s(self, *, signers: bool = False) -> float:
        [process] = self._service.processes("status")
        counted = [process, *process.children()] if signers else [process]
        times = [one.cpu_times() for one in counted]
        return float(sum(one.user + one.system for one in times))


def _renewal(count: int, took_s: float, base: float) -> Row:
    per_s = count / took_s
    whole = timedelta(seconds=round(WANTED / per_s))
    kind = "measured" if count >= WANTED else "reckoned"
    name = f"Renewal of {count:,} certificates (2 answers each); 100,000 in {whole}, {kind}"
    return Row(name, per_s, "raw", 2 * per_s / base, f"{WANTED // WITHIN_S}/s")


def _get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: status\r\n\r\n".encode()


def _post(path: str, kind: str, body: bytes) -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: status\r\nContent-Type: {kind}\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def _good(head: bytes, body: bytes) -> bool:
    """Granted or answered: refusals are a few bytes long."""
    return head.startswith(b"HTTP/1.1 200") and len(body) > 200


async def _alone(settings: Settings, arguments: argparse.Namespace) -> None:
    from bench.__main__ import raw_pool, raw_rate
    from policies.algorithms import KeyAlgorithm

    bench = StatusBench(settings, arguments.seconds, arguments.repeats)
    async with raw_pool(settings) as pool:

        async def raw() -> float:
            return await raw_rate(pool, 1, KeyAlgorithm.P_256)

        base = Row("P-256: raw C_Sign, 1 signer process", await raw(), "", None, "")
        rows = await bench.rows(raw, arguments.certificates)
    print("\n".join([HEAD, *(row.line() for row in [base, *rows])]), "\n")
    print("\n".join(bench.costs))


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.status")
    parser.add_argument("--seconds", type=float, default=4.0, help="length of each short run")
    parser.add_argument("--repeats", type=int, default=3, help="short runs per figure")
    parser.add_argument("--certificates", type=int, default=FEW, help="how many to renew")
    arguments = parser.parse_args()
    print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, SQLite, loopback\n")
    with tempfile.TemporaryDirectory() as name:
        settings = service.create_instance(Path(name) / "instance", **{"pkcs11.processes": 1})
        asyncio.run(_alone(settings, arguments))
    return 0


if __name__ == "__main__":
    sys.exit(main())
