"""A work called like the one that puts documents together, with a fault of our choice."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ades import assembly
from ades.assembly import Piece
from ades.desk import Work
from ades.levels.works import Certificates

FAULT: Final = "TEST_FAULT"
"""Variable of the environment that names it."""

MESSAGE_DIGEST: Final = bytes.fromhex("06092a864886f70d010904")
"""Its OID, DER."""


@dataclass(frozen=True, slots=True)
class Assemble(Work[tuple[Certificates, ...]]):
    """Takes the place of ``ades.assembly.Assemble``."""

    limits = assembly.Assemble.limits
    loads = assembly.Assemble.loads
    certificates: tuple[bytes, ...]
    pieces: tuple[Piece, ...]

    def perform(self) -> tuple[Certificates, ...]:
        asked = assembly.Assemble(self.certificates, self.pieces).perform()
        for piece in self.pieces:
            _spoil(piece.target, os.environ[FAULT])
        return asked


def _spoil(path: Path, fault: str) -> None:
    data = bytearray(path.read_bytes())
    if fault == "a byte of the document":
        # Of a PDF's first object; of a signature's message digest.
        data[120 if data[:1] == b"%" else data.rindex(MESSAGE_DIGEST) + 20] ^= 1
    elif fault == "a byte of the value" and data[:1] == b"%":
        # The last of the digits before the zeros that fill the room.
        start = data.index(b"/Contents <") + len(b"/Contents <")
        at = start + len(data[start : data.index(b">", start)].rstrip(b"0")) - 8
        data[at : at + 1] = b"0" if data[at : at + 1] != b"0" else b"1"
    elif fault == "a byte of the value":
        data[-4] ^= 1
    elif fault == "something behind it":
        data += b"\n% more"
    elif fault == "cut off":
        del data[len(data) // 2 :]
    elif fault == "killed":
        os.kill(os.getpid(), 9)
    path.write_bytes(data)
