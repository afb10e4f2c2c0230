"""The authority's work on orders and keys, once, in a process that dies where it is told to.

argv: instance, seconds that its clock is ahead, file for what the authority's key signs, crash
point (`before reserve`, `after sign`; empty for none). Prints `ready` before it begins.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from csc_server import app, authority, config, storage
from csc_server.adapters.entropy import SystemEntropy
from csc_server.adapters.tombstones import TombstoneLines
from csc_server.operations.certificates.embedded import EmbeddedAuthority
from csc_server.operations.certificates.key_ends import DestroyKeys
from csc_server.operations.certificates.work_off import WorkOffOrders
from csc_server.operations.enrol import Enrolment
from csc_server.operations.keep_authority import ABANDONED_AT_ONCE
from hsm.pool import SignerPool
from pki.shared_factors import SharedFactors
from policies.algorithms import SignAlgorithm


class Mortal:
    """Somebody else's verbs, at which this process may die."""

    def __init__(self, whose: Any, crash_at: str) -> None:
        self._whose, self._crash_at = whose, crash_at

    def __getattr__(self, verb: str) -> Any:
        """The verb, with the crash point before or after it."""
        method = getattr(self._whose, verb)
        if verb not in self._crash_at.split():
            return method

        async def call(*args: Any, **keywords: Any) -> Any:
            self._die("before", verb)
            result = await method(*args, **keywords)
            self._die("after", verb)
            return result

        return call

    def _die(self, when: str, verb: str) -> None:
        if self._crash_at == f"{when} {verb}":
            os.kill(os.getpid(), signal.SIGKILL)


class MovedClock:
    """Some time from now."""

    def __init__(self, ahead_s: float) -> None:
        self._ahead = timedelta(seconds=ahead_s)

    def now(self) -> datetime:
        """Aware UTC."""
        return datetime.now(UTC) + self._ahead


async def main(instance: Path, ahead_s: float, signed: Path, crash_at: str) -> None:
    """One round."""
    settings, clock, entropy = config.load(instance), MovedClock(ahead_s), SystemEntropy()
    audit = settings.path(Path("audit"))
    async with (
        SignerPool(authority.pool_settings(settings)) as keys,
        SignerPool(authority.admin_settings(settings)) as pool,
        storage.open_storage(
            settings.database,
            journal=audit / "head-issuer",
            checkpoints=audit / "checkpoints-issuer",
            node="issuer",
        ) as store,
    ):
        issuer = authority.issuer(settings, keys)

        class Key:
            async def sign(self, digest: bytes, algorithm: SignAlgorithm) -> bytes:
                with signed.open("a") as file:
                    file.write(digest.hex() + "\n")
                    file.flush()
                    os.fsync(file.fileno())
                return await issuer.sign(digest, algorithm)

        device: Any = Mortal(pool, crash_at)
        tombstones: Any = Mortal(store.tombstones, crash_at)
        register: Any = Mortal(store.certificates, crash_at)
        orders: Any = Mortal(store.orders, crash_at)
        enrolment = Enrolment(
            accounts=store.accounts,
            people=store.people,
            credentials=store.credentials,
            register=register,
            device=device,
            hasher=None,  # type: ignore[arg-type]  # nobody gets a password here
            clock=clock,
            entropy=entropy,
            actor="system",
            shared_factors=SharedFactors(store.credentials),
        )
        file = TombstoneLines(app.tombstones_path(settings))
        sign = Mortal(Key(), crash_at).sign
        print("ready", flush=True)
        ca = EmbeddedAuthority(
            register=register,
            issuer=replace(issuer, sign=sign),
            clock=clock,
            entropy=entropy,
            actor="system",
        )
        await WorkOffOrders(orders=orders, enrolment=enrolment, ca=ca, clock=clock)()
        await store.certificates.abandon(clock.now(), ABANDONED_AT_ONCE)
        tell = app.tell_owner(settings, store)
        await DestroyKeys(tombstones=tombstones, file=file, device=device, tell=tell, clock=clock)()


if __name__ == "__main__":
    words = sys.argv[1:]
    asyncio.run(main(Path(words[0]), float(words[1]), Path(words[2]), words[3]))
