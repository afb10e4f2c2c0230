"""Tombstones of keys in a file of the instance, beside the audit log's witnesses.

The format is the signer processes' (``hsm.tombstones``). Several processes may add at once: each
holds a lock, looks what is there, and adds what is not.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from csc_server.ports.keys import TombstonesUnreadable
from hsm import tombstones
from policies import codec
from policies.key_ends import Tombstone


class TombstoneLines:
    """The port ``TombstoneFile`` on a path."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: set[bytes] = set()
        """Keys in the first ``_read_bytes`` of the file."""
        self._read_bytes = 0

    def read(self) -> list[Tombstone]:
        """All of them.

        Raises:
            TombstonesUnreadable: The file holds something else. Nothing may be signed then.
        """
        return self._decoded(self._path.read_bytes() if self._path.exists() else b"")

    def add(self, wanted: Sequence[Tombstone]) -> None:
        """Afterwards these are in the file, durably, once each.

        Raises:
            TombstonesUnreadable: The file holds something else.
        """
        if all(one.key_id in self._known for one in wanted):
            return
        with self._locked() as file:
            self._read_on(file)
            new = [one for one in wanted if one.key_id not in self._known]
            os.write(file, b"".join(map(tombstones.encode, new)))
            os.fsync(file)
            self._read_on(file)

    def _read_on(self, file: int) -> None:
        content = os.pread(file, os.fstat(file).st_size - self._read_bytes, self._read_bytes)
        self._known.update(one.key_id for one in self._decoded(content))
        self._read_bytes += content.rfind(b"\n") + 1
        # A power cut can leave half a line, which never was a tombstone.
        os.ftruncate(file, self._read_bytes)

    @contextmanager
    def _locked(self) -> Iterator[int]:
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        file = os.open(self._path, flags, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file
        finally:
            os.close(file)

    def _decoded(self, content: bytes) -> list[Tombstone]:
        try:
            return tombstones.decode(content)
        except codec.Malformed as reason:
            raise TombstonesUnreadable(f"{self._path}: {reason}") from reason
