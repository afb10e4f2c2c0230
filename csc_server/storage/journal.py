"""Witnesses of the audit chain that lie outside the database.

The journal is one line with number and hash of the last record this process committed,
overwritten after each commit: a database that was rolled back, cut or rewritten contradicts it.
It may lag behind after a power cut; it never leads, because it is written after the commit.
Checkpoints are lines with a signature by the HSM's audit key; they are only ever added to. Each
process has files of its own. (security-and-pki 1.7, 7.3)
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from csc_server.storage.audit import Head

CHECKPOINT_TAG: Final = b"paraph audit checkpoint 1\0"
"""Tells a checkpoint from everything else that a key may sign."""
_LINE_BYTES: Final = 20 + 1 + 64 + 1


class WitnessBroken(Exception):
    """A journal or checkpoint file is not what this service writes."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A signed statement about the chain."""

    head: Head
    signature: bytes
    """ECDSA P-256 with SHA-256, DER."""


def statement(head: Head) -> bytes:
    """What is signed: tag, number (8 bytes), hash (32 bytes), instant in µs (8 bytes)."""
    return CHECKPOINT_TAG + head.seq.to_bytes(8, "big") + head.hash + head.at.to_bytes(8, "big")


class Journal:
    """The high-water journal of one process."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def write(self, head: Head) -> None:
        """Afterwards the file names this head. No fsync: it may lag after a power cut."""
        os.pwrite(self._file, b"%020d %s\n" % (head.seq, head.hash.hex().encode()), 0)

    def close(self) -> None:
        """Give the file back."""
        os.close(self._file)


def read_journal(path: Path) -> Head | None:
    """The head that a journal names; ``None`` when it was never written.

    Raises:
        WitnessBroken: It holds something else.
    """
    content = path.read_bytes() if path.exists() else b""
    if not content:
        return None
    try:
        number, hexadecimal = content.decode("ascii").split()
        head = Head(int(number), bytes.fromhex(hexadecimal))
    except ValueError as error:
        raise WitnessBroken(str(path)) from error
    if len(content) != _LINE_BYTES or len(head.hash) != 32:
        raise WitnessBroken(str(path))
    return head


class Checkpoints:
    """The checkpoint file of one process."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._cut_torn_line(path)

    def append(self, checkpoint: Checkpoint) -> None:
        """Afterwards the checkpoint survives a power cut."""
        line = {
            "at": checkpoint.head.at,
            "hash": checkpoint.head.hash.hex(),
            "seq": checkpoint.head.seq,
            "signature": checkpoint.signature.hex(),
        }
        os.write(self._file, json.dumps(line).encode() + b"\n")
        os.fsync(self._file)

    def close(self) -> None:
        """Give the file back."""
        os.close(self._file)

    def _cut_torn_line(self, path: Path) -> None:
        # A power cut can leave half a line, which never was a durable checkpoint.
        content = path.read_bytes()
        os.ftruncate(self._file, content.rfind(b"\n") + 1)


def read_checkpoints(path: Path) -> list[Checkpoint]:
    """All checkpoints of a file, signatures not yet verified; a torn last line is left out.

    Raises:
        WitnessBroken: A line is not a checkpoint.
    """
    content = path.read_bytes() if path.exists() else b""
    try:
        return [_parsed(line) for line in content[: content.rfind(b"\n") + 1].splitlines()]
    except (KeyError, TypeError, ValueError) as error:
        raise WitnessBroken(str(path)) from error


def _parsed(line: bytes) -> Checkpoint:
    fields = json.loads(line)
    head = Head(int(fields["seq"]), bytes.fromhex(fields["hash"]), int(fields["at"]))
    return Checkpoint(head, bytes.fromhex(fields["signature"]))
