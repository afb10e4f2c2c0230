"""The status process killed, its HSM hung: what goes on, and what comes back. (7.2 row 25)"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from datetime import datetime

import aiohttp
import psutil

from pki import timestamps
from pki.timestamps import TimestampRequest
from policies.algorithms import HashAlgorithm
from policies.errors import TimestampRefused
from tests.csc_server.status.asking import GONE, Asker, info_of, words
from tests.csc_server.status.conftest import TrustService, certificate_of

HEAL_WITHIN_S = 20.0
TURN = 20


def signers(trust: TrustService) -> list[psutil.Process]:
    """Of the status process."""
    [process] = trust.service.processes("status")
    return [one for one in process.children() if "hsm.signer" in one.cmdline()]


async def healed(asker: Asker, serial: int) -> float:
    """Return when answers are signed again; after how long."""
    started = time.monotonic()
    while time.monotonic() - started < HEAL_WITHIN_S:
        try:
            if await asker.words(serial, nonce=os.urandom(16)) == ["good"]:
                return time.monotonic() - started
        except GONE:
            pass  # Not there yet; asked again until the deadline.
        await asyncio.sleep(0.1)
    raise AssertionError("not back in time")


async def test_its_hsm_hangs(trust: TrustService, http: aiohttp.ClientSession) -> None:
    """Answers made in advance go on at once; what has to be signed is told to come later, within
    5 s; then it works again by itself."""
    asker = Asker(trust, http)
    serial = (await certificate_of(trust, http, "elena")).serial_number
    await asker.made_in_advance(serial)
    before = words(await asker.by_get(serial))
    for process in signers(trust):
        process.send_signal(signal.SIGSTOP)
    started = time.monotonic()
    live = asyncio.create_task(asker.words(serial, nonce=os.urandom(16)))
    for _ in range(20):
        assert words(await asker.by_get(serial)) == before
    assert await live == ["try_later"]
    assert time.monotonic() - started < 5
    serial = (await certificate_of(trust, http, "ana")).serial_number
    await healed(asker, serial)


class Ledger:
    """Tokens in the order in which they were asked for, one after the other."""

    def __init__(self, asker: Asker) -> None:
        self._asker = asker
        self.times: list[datetime] = []
        self.serials: list[int] = []

    async def begin(self) -> None:
        """The first one of a new process, whose clock may not have been compared yet."""
        started = time.monotonic()
        while time.monotonic() - started < HEAL_WITHIN_S:
            try:
                await self.stamp()
            except TimestampRefused as reason:
                assert "time_not_available" in str(reason)  # noqa: PT017 - and asked again
                await asyncio.sleep(0.1)
            else:
                return
        raise AssertionError("no time")

    async def stamp(self) -> None:
        """One more."""
        nonce = random.getrandbits(64)
        request = TimestampRequest(os.urandom(32), HashAlgorithm.SHA256, nonce, None)
        info = info_of(timestamps.token(request, await self._asker.stamp(request)))
        self.times.append(info["gen_time"].native)
        self.serials.append(info["serial_number"].native)


async def test_it_is_killed_while_it_stamps(
    trust: TrustService, http: aiohttp.ClientSession, rounds: int
) -> None:
    """Again and again: the files stay as they are meanwhile, the supervisor brings it back, no
    token tells an earlier time than one before, and none has the serial number of another."""
    asker = Asker(trust, http)
    serial = (await certificate_of(trust, http, "ana")).serial_number
    await asker.made_in_advance(serial)
    ledger, slowest_s = Ledger(asker), 0.0
    for _ in range(max(1, rounds // TURN)):
        for _ in range(20):
            await ledger.stamp()
        [process] = trust.service.processes("status")
        process.kill()
        assert words(asker.file(serial).read_bytes()) == ["good"]
        slowest_s = max(slowest_s, await healed(asker, serial))
        await ledger.begin()
    assert ledger.times == sorted(ledger.times)
    assert len(set(ledger.serials)) == len(ledger.serials)
    if rounds >= TURN:
        print(f"{len(ledger.times)} tokens over {rounds // TURN} kills, back in {slowest_s:.1f} s")
