"""Clients that sign while things break, and a judge who reads the audit log afterwards."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from tests import postgres
from tests.service import Client, Person, Reply, Service

GONE = (aiohttp.ClientError, ConnectionError, TimeoutError, asyncio.TimeoutError)


@dataclass
class Ledger:
    """What the clients saw."""

    signatures: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """Hash (hex) to every signature value received for it."""
    refused: Counter[int] = field(default_factory=Counter)
    """Status to how often; 0 is a lost connection."""


async def signing(service: Service, person: Person, ledger: Ledger, stop: asyncio.Event) -> None:
    """Authorise and sign fresh hashes until told to stop; each SAD is tried twice, out of spite."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as http:
        client = Client(http, service.base_url)
        credential = next(iter(person.credentials.values()))
        while not stop.is_set():
            try:
                if client.token is None:
                    await client.log_in(person)
                await _one(client, credential, ledger)
            except GONE:
                ledger.refused[0] += 1
                await asyncio.sleep(0.02)


async def _one(client: Client, credential: str, ledger: Ledger) -> None:
    digest = os.urandom(32)
    issued = await client.authorize(credential, digest)
    if issued.status != 200:
        _refused(issued, ledger)
        return
    for _ in range(2):
        try:
            signed = await client.sign_hash(credential, issued.body["SAD"], digest)
        except GONE:
            ledger.refused[0] += 1
            await asyncio.sleep(0.05)
            continue
        if signed.status == 200:
            ledger.signatures[digest.hex()] += signed.body["signatures"]
        else:
            _refused(signed, ledger)


def _refused(reply: Reply, ledger: Ledger) -> None:
    # Whatever breaks, the answer is a documented one.
    assert reply.status in (400, 503), reply
    if reply.status == 503:
        assert reply.headers["Retry-After"]
    ledger.refused[reply.status] += 1


def records(service: Service) -> Iterator[tuple[str, dict[str, Any]]]:
    """(type, body) of every audit record, in order."""
    query = "SELECT type, body FROM audit ORDER BY seq"
    url = service.settings.database
    if url.startswith("sqlite"):
        with sqlite3.connect(url.removeprefix("sqlite:///")) as database:
            rows = database.execute(query).fetchall()
        database.close()
        yield from ((kind, json.loads(body)) for kind, body in rows)
        return
    text = postgres.shared().execute(
        "SELECT json_build_object('t', type, 'b', body) FROM audit ORDER BY seq",
        url.rpartition("/")[2],
    )
    for line in text.splitlines():
        row = json.loads(line)
        yield row["t"], json.loads(row["b"])


def judge(service: Service, ledger: Ledger) -> None:
    """0 double signatures, 0 signatures without intent, each signature on record.

    Raises:
        AssertionError: A promise is broken.
    """
    places: dict[tuple[str, str], str] = {}
    intents: Counter[str] = Counter()
    released: Counter[str] = Counter()
    done: Counter[str] = Counter()
    for kind, body in records(service):
        details = body["details"]
        if kind == "sad.issued":
            for ordinal, digest in enumerate(details["hashes"]):
                places[details["sad_id"], str(ordinal)] = digest
        if kind in ("sign.intent", "sign.done", "sign.failed"):
            digests = [places[details["root_id"], ordinal] for ordinal in details["ordinals"]]
            if kind == "sign.failed":
                definite = details["reason"] in ("Busy", "Broken", "KeyGone", "Rejected", "Stale")
                released.update(digests if definite else [])
            else:
                (intents if kind == "sign.intent" else done).update(digests)
    for digest, values in ledger.signatures.items():
        assert len(values) == 1, f"{digest} was signed {len(values)} times"
        assert intents[digest] >= 1, f"{digest} has no intent"
        assert done[digest] == 1, f"{digest} is not on record"
    for digest, count in intents.items():
        # Each further intent needs a definite refusal before it.
        assert count <= 1 + released[digest], f"{digest} was reserved {count} times"
        assert done[digest] <= 1


def nodes(service: Service, method: str) -> set[str]:
    """The web processes that answered this method."""
    # Signer processes write lines of their own, which are no JSON.
    lines = service.log.read_text().splitlines()
    events = [json.loads(line) for line in lines if line.startswith("{")]
    return {one["node"] for one in events if one.get("method") == method}
