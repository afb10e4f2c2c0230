"""Time-stamps of the running unit before outside judges, 5 a round. (7.2 rows 25, 26)"""

from __future__ import annotations

import asyncio
import hashlib
import os
import random
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from asn1crypto import tsp, x509
from pyhanko.sign.validation.generic_cms import validate_tst_signed_data
from pyhanko_certvalidator.context import ValidationContext

from ades import der
from csc_server import app
from pki import timestamps
from pki.timestamps import TimestampRequest
from policies import tsa
from policies.algorithms import HashAlgorithm
from policies.errors import TimestampRefused
from tests.csc_server.status.asking import STAMP, Asker, info_of
from tests.csc_server.status.conftest import TrustService
from tests.pki.judges import openssl
from tests.pki.test_tsa import query

TURN = 20
HOUR = timedelta(hours=1)
REFUSED_WITHIN_S = 60.0


def wish() -> tuple[bytes, bytes, HashAlgorithm]:
    """A random request, and what it is about: data, and how it is hashed."""
    data, algorithm = os.urandom(random.randrange(1, 400)), random.choice(list(HashAlgorithm))
    nonces = (None, 0, 1, -5, random.getrandbits(64), random.getrandbits(512))
    body = query(
        oid=algorithm.oid,
        parameters=random.choice((der.null(), b"")),
        digest=hashlib.new(algorithm.name.lower(), data).digest(),
        policy=random.choice((None, "0.4.0.2023.1.1")),
        nonce=random.choice(nonces),
        cert_req=random.choice((b"\x01\x01\xff", b"\x01\x01\x00", b"")),
    )
    return body, data, algorithm


async def test_openssl_and_pyhanko(
    trust: TrustService, http: aiohttp.ClientSession, tmp_path: Path, rounds: int
) -> None:
    """Any digest, nonce, policy: OpenSSL takes every token, pyHanko each with certificates."""
    path = trust.service.settings.path
    root = x509.Certificate.load(path(app.CA_ROOT).read_bytes())
    below = trust.issuing + trust.pem(Path("public/tsa-a.cer"))
    serials, tokens = set(), 5 * rounds
    for _ in range(tokens):
        body, data, algorithm = wish()
        async with http.post(f"{trust.url}/tsa", data=body, headers=STAMP) as response:
            reply = await response.read()
        files = {"query": body, "reply": reply, "root": trust.root, "below": below}
        judge = ("-CAfile", "@root", "-untrusted", "@below")
        words = ("-verify", "-queryfile", "@query", "-in", "@reply", *judge)
        assert "Verification: OK" in openssl(tmp_path, "ts", *words, **files)
        signed: Any = tsp.TimeStampResp.load(reply)["time_stamp_token"]["content"]
        if signed["certificates"].native is not None:
            await _believed(signed, root, hashlib.new(algorithm.name.lower(), data).digest())
        serials.add(signed["encap_content_info"]["content"].parsed["serial_number"].native)
    assert len(serials) == tokens
    if rounds >= TURN:
        print(f"{tokens} random requests: OpenSSL and pyHanko take every token")


async def _believed(signed: Any, root: x509.Certificate, digest: bytes) -> None:
    """By pyHanko, which wants the certificates in the token."""
    context = ValidationContext(trust_roots=[root], allow_fetching=False)
    found: Any = await validate_tst_signed_data(signed, context, lambda _: digest)
    assert (found["intact"], found["valid"], found["trust_problem_indic"]) == (True, True, None)


async def stamped(asker: Asker) -> datetime | None:
    """The time of a new token; ``None``: refused for want of time."""
    request = TimestampRequest(os.urandom(32), HashAlgorithm.SHA256, random.getrandbits(64), None)
    answer = await asker.stamp(request)
    try:
        told: datetime = info_of(timestamps.token(request, answer))["gen_time"].native
    except TimestampRefused as reason:
        if "time_not_available" not in str(reason):
            raise
        return None
    return told


async def test_time_servers_step(
    trust: TrustService, http: aiohttp.ClientSession, rounds: int
) -> None:
    """All are wrong by a second or an hour, or fall silent, and come back: refused within a
    minute, and given again by itself. Once every 20 rounds, for it takes minutes."""
    asker = Asker(trust, http)
    assert await stamped(asker) is not None
    steps = (HOUR, -HOUR, timedelta(seconds=1), -timedelta(seconds=1), None)
    for step in steps[: rounds // TURN]:
        try:
            for server in trust.clocks:
                server.ahead, server.silent = step or timedelta(0), step is None
            refused_s = await _until(asker, given=False)
        finally:
            for server in trust.clocks:
                server.ahead, server.silent = timedelta(0), False
        assert refused_s <= REFUSED_WITHIN_S
        back_s = await _until(asker, given=True)
        told = "are silent" if step is None else f"are ahead by {step.total_seconds():.0f} s"
        print(f"all servers {told}: refused after {refused_s:.0f} s, back after {back_s:.0f} s")


async def _until(asker: Asker, *, given: bool) -> float:
    started = time.monotonic()
    while (await stamped(asker) is not None) is not given:
        assert time.monotonic() - started < 90
        await asyncio.sleep(0.5)
    return time.monotonic() - started


async def test_the_clock_is_compared(trust: TrustService, http: aiohttp.ClientSession) -> None:
    """With four servers, by the process itself; the metric tells the offset."""
    assert await stamped(Asker(trust, http)) is not None
    assert all(server.asked for server in trust.clocks)
    async with http.get(f"{trust.url}/metrics") as response:
        text = await response.text()
    [line] = [
        one for one in text.splitlines() if one.startswith("paraph_tsa_clock_offset_seconds ")
    ]
    assert float(line.split()[1]) == pytest.approx(0, abs=tsa.OFFSET_LIMIT.total_seconds())
