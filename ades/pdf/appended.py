"""A document and what is appended to it, as one file, without copying the document.

Documents have up to 50 MiB and an update some kilobytes: revisions are written here one after the
other, and only the appended bytes leave.
"""

from __future__ import annotations

import io

from ades.pdf import reading


class Appended(io.RawIOBase):
    """Reads from the document and from the tail after it; writes into the tail alone."""

    def __init__(self, document: reading.File) -> None:
        super().__init__()
        self._document = document
        self._base = reading.size(document)
        self._tail = bytearray()
        self._place = 0

    @property
    def base(self) -> int:
        """Bytes of the document."""
        return self._base

    @property
    def tail(self) -> bytes:
        """What was appended."""
        return bytes(self._tail)

    def append(self, more: bytes) -> None:
        """Add to the tail."""
        self._tail += more

    def readable(self) -> bool:
        """As the library asks it."""
        return True

    def writable(self) -> bool:
        """As the library asks it."""
        return True

    def seekable(self) -> bool:
        """As the library asks it."""
        return True

    def tell(self) -> int:
        """The place in the whole."""
        return self._place

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Go to a place in the whole."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._end}[whence]
        if start + offset < 0:
            raise ValueError("a place before the file")
        self._place = start + offset
        return self._place

    @property
    def _end(self) -> int:
        return self._base + len(self._tail)

    def read(self, size: int | None = -1, /) -> bytes:
        """At most ``size`` bytes; across the border both parts."""
        wanted = max(0, self._end - self._place)
        if size is not None and size >= 0:
            wanted = min(wanted, size)
        found = b""
        if self._place < self._base:
            self._document.seek(self._place)
            found = self._document.read(min(wanted, self._base - self._place))
        if len(found) < wanted:
            start = self._place + len(found) - self._base
            found += self._tail[start : start + wanted - len(found)]
        self._place += len(found)
        return found

    def readinto(self, buffer: memoryview | bytearray, /) -> int:  # type: ignore[override]  # any buffer in the base
        """As ``read``."""
        found = self.read(len(buffer))
        buffer[: len(found)] = found
        return len(found)

    def write(self, data: bytes | bytearray | memoryview, /) -> int:  # type: ignore[override]  # any buffer in the base
        """Into the tail.

        Raises:
            ValueError: The place is in the document, or behind the end.
        """
        start = self._place - self._base
        if not 0 <= start <= len(self._tail):
            raise ValueError("only the tail is written")
        self._tail[start : start + len(data)] = data
        self._place += len(data)
        return len(data)
