"""Keys die with their certificates, and stay dead. (security-and-pki 1.5, 1.7)

For each key whose time is over:

1. store: a tombstone, the audit record and the mail to the owner of what expired; the key
   disabled, its blob gone, open SADs dead
2. file: the tombstone, durably; from here on no signer process of this host uses the key
3. device: the key destroyed
4. store: the destruction on record

A process that dies in between leaves a tombstone without an end, which the next round takes up.
Databases and tokens that are put back from a copy are older than the file, or than each other:
``RestoreTombstones`` brings both up to it before anything is signed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from csc_server.operations.certificates.telling import TellOwner
from csc_server.ports import Clock
from csc_server.ports.keys import TombstoneFile, Tombstones
from csc_server.ports.messages import NewMessage
from hsm import errors as hsm
from hsm.interface import KeyAdministration
from policies.audit import Event, EventType, Outcome
from policies.key_ends import DyingKey, Tombstone
from policies.messages import MessageKind
from policies.values import KeyRef

BATCH: Final = 100
"""Keys of one round: others wait a few seconds, and nobody can use them meanwhile."""
AT_ONCE: Final = 1000
"""Tombstones of one transaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DestroyKeys:
    """Run by the authority process, which alone may destroy."""

    tombstones: Tombstones
    file: TombstoneFile
    device: KeyAdministration
    tell: TellOwner
    clock: Clock

    async def __call__(self) -> None:
        """Afterwards the keys that were due are destroyed.

        Raises:
            HsmError, StorageUnavailable: The rest is done in the next round.
        """
        now = self.clock.now()
        for key in await self.tombstones.due(now, BATCH):
            await self._bury(key, now)
        doomed = await self.tombstones.doomed(BATCH)
        self.file.add(doomed)
        for tombstone in doomed:
            await self._destroy(tombstone)

    async def _bury(self, key: DyingKey, now: datetime) -> None:
        digest = hashlib.sha256(key.public_key).digest()
        tombstone = Tombstone(key.key_id, digest, key.cause, now)
        record = _event(EventType.KEY_BURIED, tombstone, now, credential_id=str(key.credential_id))
        mails: list[NewMessage] = []
        if (expired := key.to_be_told) is not None:
            word, owner = MessageKind.CERTIFICATE_EXPIRED, expired.account_id
            mails = await self.tell(word, owner, expired.serial, now, happened_at=expired.not_after)
        await self.tombstones.bury(key, tombstone, [record], mails)

    async def _destroy(self, tombstone: Tombstone) -> None:
        # Gone: by a process that died before it could say so, or it died with its blob.
        with suppress(hsm.KeyGone):
            await self.device.destroy_key(KeyRef(tombstone.key_id))
        now = self.clock.now()
        record = _event(EventType.KEY_DESTROYED, tombstone, now)
        await self.tombstones.destroyed(tombstone.key_id, now, [record])


@dataclass(slots=True, kw_only=True)
class RestoreTombstones:
    """Run before anything is served, and now and then: each side learns what the other knows."""

    tombstones: Tombstones
    file: TombstoneFile
    clock: Clock
    _seen: int = field(default=0, init=False)
    """Position of the last tombstone of the database that is in the file, as far as we know."""

    async def at_start(self) -> int:
        """Afterwards database and file know every tombstone; how many the database had lost.

        Raises:
            TombstonesUnreadable: The file was damaged: nothing may be served.
            StorageUnavailable: As for ``__call__``.
        """
        known = await self._learn()
        lost = [one for one in self.file.read() if one.key_id not in known]
        restored, now = 0, self.clock.now()
        for start in range(0, len(lost), AT_ONCE):
            some = lost[start : start + AT_ONCE]
            details: dict[str, str | int | list[str]] = {"count": len(some)}
            record = Event(EventType.TOMBSTONES_RESTORED, Outcome.SUCCESS, now, "system", details)
            restored += await self.tombstones.restore(some, [record])
        return restored

    async def __call__(self) -> None:
        """Afterwards the file knows what other hosts destroyed.

        Raises:
            TombstonesUnreadable, StorageUnavailable: The file is as it was.
        """
        await self._learn()

    async def _learn(self) -> set[bytes]:
        learned: set[bytes] = set()
        while found := await self.tombstones.after(self._seen, AT_ONCE):
            self.file.add([tombstone for _, tombstone in found])
            learned.update(tombstone.key_id for _, tombstone in found)
            self._seen = found[-1][0]
        return learned


@dataclass(frozen=True, slots=True, kw_only=True)
class DestroyAgain:
    """Run by the authority process at its start: the token may have been put back, too."""

    device: KeyAdministration
    note: Callable[[Sequence[Event]], Awaitable[None]]
    """Writes audit records that change nothing else."""
    clock: Clock

    async def __call__(self) -> int:
        """Afterwards no key with a tombstone lies in the token; how many did.

        Raises:
            HsmError, StorageUnavailable: Run it again.
        """
        back = await self.device.destroy_again()
        kind, now = EventType.KEY_DESTROYED, self.clock.now()
        about = [{"key_id": key_id.hex(), "cause": "restored"} for key_id in back]
        await self.note([Event(kind, Outcome.SUCCESS, now, "system", one) for one in about])
        return len(back)


def _event(kind: EventType, tombstone: Tombstone, now: datetime, **details: str) -> Event:
    about = {
        "key_id": tombstone.key_id.hex(),
        "public_key": tombstone.public_key_digest.hex(),
        "cause": tombstone.cause.value,
    }
    return Event(kind, Outcome.SUCCESS, now, "system", {**about, **details})
