"""Keys that were destroyed stay destroyed: a file that outlives databases and tokens.

One JSON line for each key (``policies.key_ends.Tombstone``), only ever added to. A signer process
reads it and uses no key that is in it, so an old token or an old database that was put back gives
no signature, whoever asks. Writing it is ``csc_server.adapters.tombstones``' part.
(security-and-pki 1.5, 1.7)
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from hsm import errors
from policies import codec
from policies.key_ends import Tombstone

_read: Final = codec.reader(Tombstone)


def encode(tombstone: Tombstone) -> bytes:
    """Its line, with the end of it."""
    return codec.encode(tombstone) + b"\n"


def decode(content: bytes) -> list[Tombstone]:
    """The tombstones of whole lines; what a power cut left of a last one is no line.

    Raises:
        Malformed: A line is something else.
    """
    whole = content[: content.rfind(b"\n") + 1]
    return [_read(codec.decode(line)) for line in whole.splitlines()]


class Tombstones:
    """The file as a signer process sees it: read again as far as it has grown."""

    def __init__(self, path: Path | None) -> None:
        """Nothing is read yet.

        Args:
            path: ``None``: no key was ever destroyed here.
        """
        self._path = path
        self._read_bytes = 0
        self._dead: set[bytes] = set()

    def dead(self) -> set[bytes]:
        """Identifiers of all keys that were destroyed.

        Raises:
            Broken: The file is damaged or cannot be read: nobody knows which keys may be used.
        """
        if self._path is None:
            return self._dead
        try:
            # Costs a microsecond; a key that dies is dead for a process that has it open, too.
            size_bytes = self._path.stat().st_size
            if size_bytes > self._read_bytes:
                self._read_on(self._path)
            elif size_bytes < self._read_bytes:
                raise errors.Broken("tombstones were cut off")
        except FileNotFoundError:
            if self._read_bytes:
                raise errors.Broken("the tombstones are gone") from None
        except (OSError, codec.Malformed) as error:
            raise errors.Broken(f"tombstones: {error}") from error
        return self._dead

    def _read_on(self, path: Path) -> None:
        with path.open("rb") as file:
            file.seek(self._read_bytes)
            content = file.read()
        found = decode(content)
        self._dead.update(one.key_id for one in found)
        self._read_bytes += content.rfind(b"\n") + 1
