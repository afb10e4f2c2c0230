"""The status process as other processes of its host reach it: HTTP over a socket in the instance.

The same answers as on the public listener, whatever address that has and however many strangers
ask there. The socket belongs to the service's user, so whoever connects is one of ours.
"""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from pathlib import Path
from typing import Final

SOCKET: Final = Path("status.sock")
"""In the instance."""
ORIGIN: Final = "http://status"
"""What URLs over it begin with."""
BACKLOG: Final = 128
_MODE: Final = 0o600


class SocketAddress:
    """A name of a socket that fits into 108 bytes (unix(7)), however long its directory's is."""

    def __init__(self, path: Path) -> None:
        """Afterwards the directory is open.

        Raises:
            FileNotFoundError: There is no such directory.
        """
        self._directory = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        self.name = f"/proc/self/fd/{self._directory}/{path.name}"

    def close(self) -> None:
        """Afterwards the name is none."""
        os.close(self._directory)


def listening(path: Path) -> socket.socket:
    """A socket at this path that only its user may connect to; one of before is replaced."""
    address = SocketAddress(path)
    try:
        with suppress(FileNotFoundError):
            os.unlink(address.name)
        found = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        before = os.umask(0o777 & ~_MODE)
        try:
            found.bind(address.name)
        finally:
            os.umask(before)
        found.listen(BACKLOG)
        return found
    finally:
        address.close()
