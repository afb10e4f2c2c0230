"""Documents: how many a second, and what others notice of large ones.

`python -m bench.documents` measures these rows alone. Who signs large documents is a process of
its own (``bench.heavy``), so that what is measured is the service and not the one who measures.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import functools
import hashlib
import json
import os
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median
from typing import Any, Final

import aiohttp

from bench import load
from bench.heavy import ECDSA, SHA256
from bench.load import Connection, Result, Target
from bench.report import HEAD, Row
from csc_server.commands.demo import SAMPLE
from csc_server.config import Settings
from policies.algorithms import KeyAlgorithm
from tests import service
from tests.service import PIN, Client, Service, Wanted

AT_ONCE: Final = 16
LARGE_MB: Final = 50
HEAVY_CLIENTS: Final = 2
_PAUSE_S: Final = 0.005


async def rows(target: Target, *, seconds: float, repeats: int) -> list[Row]:
    """PAdES B-B a second, and `info` beside large documents."""
    return [
        await _throughput(target, seconds, repeats),
        await _beside_large(target, seconds, repeats),
    ]


async def _throughput(target: Target, seconds: float, repeats: int) -> Row:
    step = functools.partial(_sign, target=target, document=SAMPLE.read_bytes())
    results = [
        await load.drive(target.base_url, step, concurrency=AT_ONCE, seconds=seconds)
        for _ in range(repeats)
    ]
    chosen = sorted(results, key=lambda one: one.per_s)[len(results) // 2]
    what = f"PAdES B-B: authorize + signDoc, {AT_ONCE} at once"
    return Row(what, chosen.per_s, "", None, "40/s", chosen)


async def _beside_large(target: Target, seconds: float, repeats: int) -> Row:
    """Alone and beside the load in turn, so that both meet the same machine."""
    ratios: list[float] = []
    results: list[Result] = []
    for _ in range(repeats):
        alone = await _info(target, seconds)
        async with _heavy(target):
            beside = await _info(target, seconds)
        ratios.append(beside.p99_ms / alone.p99_ms)
        results.append(beside)
    chosen = sorted(results, key=lambda one: one.p99_ms)[len(results) // 2]
    what = f"info, while {HEAVY_CLIENTS} clients sign PDFs of {LARGE_MB} MB"
    return Row(what, chosen.per_s, "alone (p99)", median(ratios), "≤ 2.00", chosen)


async def _info(target: Target, seconds: float) -> Result:
    head = load.head(target.base_url, "v1/info")
    step = functools.partial(load.good, head=head, body=b"{}")
    return await load.drive(target.base_url, step, concurrency=1, seconds=seconds, pause_s=_PAUSE_S)


@asynccontextmanager
async def _heavy(target: Target) -> AsyncIterator[None]:
    """Large documents are signed while the context lasts; each client has signed one before."""
    clients = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bench.heavy", target.base_url, target.credential_id),
            str(LARGE_MB),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        for _ in range(HEAVY_CLIENTS)
    ]
    for one in clients:
        assert one.stdin is not None
        assert one.stdout is not None
        one.stdin.write(f"{target.token}\n".encode())
        if await one.stdout.readline() != b"ready\n":
            raise AssertionError("a heavy client has failed")
    yield
    for one in clients:
        assert one.stdin is not None
        one.stdin.close()
    for one in clients:
        said, _ = await one.communicate()
        print(f"(a heavy client signed {said.decode().strip()} documents)", file=sys.stderr)


async def _sign(connection: Connection, target: Target, document: bytes) -> None:
    digest = base64.b64encode(hashlib.sha256(document).digest()).decode()
    question = {
        "credentialID": target.credential_id,
        "numSignatures": 1,
        "hashes": [digest],
        "hashAlgorithmOID": SHA256,
        "authData": [{"id": "PIN", "value": PIN}],
    }
    issued = await _ask(connection, target, "credentials/authorize", question)
    element = {
        "document": base64.b64encode(document).decode(),
        "signature_format": "P",
        "signAlgo": target.sign_algo,
    }
    order = {
        "credentialID": target.credential_id,
        "SAD": issued["SAD"],
        "documents": [element],
    }
    await _ask(connection, target, "signatures/signDoc", order)


async def _ask(
    connection: Connection, target: Target, method: str, body: dict[str, object]
) -> dict[str, Any]:
    head = load.head(target.base_url, f"v2/{method}", f"Bearer {target.token}")
    return await load.good(connection, head, json.dumps(body).encode())


async def _alone(settings: Settings, seconds: float, repeats: int) -> None:
    people = await service.enrol(settings, {"bench": {"p256": Wanted(KeyAlgorithm.P_256)}})
    running = Service(settings)
    await asyncio.to_thread(running.start)
    try:
        async with aiohttp.ClientSession() as http:
            client = Client(http, running.base_url)
            await client.log_in(people["bench"])
        target = Target(running.base_url, people["bench"].credentials["p256"], ECDSA, client.token)
        found = await rows(target, seconds=seconds, repeats=repeats)
        print("\n".join([HEAD, *(row.line() for row in found)]))
    finally:
        await asyncio.to_thread(running.stop)


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.documents")
    parser.add_argument("--seconds", type=float, default=6.0, help="length of each short run")
    parser.add_argument("--repeats", type=int, default=3, help="short runs per figure")
    arguments = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}\n")
    with tempfile.TemporaryDirectory() as name:
        settings = service.create_instance(Path(name) / "instance")
        asyncio.run(_alone(settings, arguments.seconds, arguments.repeats))
    return 0


if __name__ == "__main__":
    sys.exit(main())
