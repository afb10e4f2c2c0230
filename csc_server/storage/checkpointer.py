"""Checkpoints while the service runs: now and then the HSM signs the newest audit record.

A checkpoint is made when enough records were added, when enough time has passed since the last
one and the chain has moved, and at the end. A device that cannot sign now delays a checkpoint; it
never stops the service, for the journal still witnesses each commit.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

import structlog

from csc_server.storage import journal
from csc_server.storage.audit import Head
from csc_server.storage.journal import Checkpoint, Checkpoints
from hsm.errors import HsmError

EVERY_RECORDS: Final = 1000
EVERY_S: Final = 60.0
"""security-and-pki 7.3: every 60 s or 1,000 records."""

Sign = Callable[[bytes], Awaitable[bytes]]
"""ECDSA P-256 with SHA-256 by the audit key, DER."""

_log: Final = structlog.get_logger(__name__)


class Checkpointer:
    """Signs the head of the chain into one checkpoint file."""

    def __init__(
        self,
        path: Path,
        sign: Sign,
        *,
        every_records: int = EVERY_RECORDS,
        every_s: float = EVERY_S,
    ) -> None:
        self._file = Checkpoints(path)
        self._sign = sign
        self._every_records = every_records
        self._every_s = every_s
        self._head: Head | None = None
        self._signed_seq = 0
        self._closing = False
        self._due = asyncio.Event()
        self._task = asyncio.create_task(self._repeat())

    def moved(self, head: Head) -> None:
        """The chain of audit records now ends here."""
        if self._head is None:
            # Records of other processes and earlier runs are not counted.
            self._signed_seq = head.seq - 1
        self._head = head
        if head.seq - self._signed_seq >= self._every_records:
            self._due.set()

    async def close(self) -> None:
        """Sign the last head, then give the file back."""
        self._closing = True
        self._due.set()
        await self._task
        self._file.close()

    async def _repeat(self) -> None:
        while not self._closing:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._every_s):
                    await self._due.wait()
            self._due.clear()
            await self._checkpoint()
        # What moved while the last one was being written.
        await self._checkpoint()

    async def _checkpoint(self) -> None:
        head = self._head
        if head is None or head.seq <= self._signed_seq:
            return
        try:
            signature = await self._sign(journal.statement(head))
            await asyncio.to_thread(self._file.append, Checkpoint(head, signature))
        except (HsmError, OSError) as error:
            _log.warning("audit.checkpoint_failed", seq=head.seq, error=repr(error))
            return
        self._signed_seq = head.seq
