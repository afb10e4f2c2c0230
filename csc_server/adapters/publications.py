"""Published files in a directory of the instance, replaced whole. (security-and-pki 2.4, 7.4)"""

from __future__ import annotations

import os
from pathlib import Path


class PublicDirectory:
    """The port ``Publications`` on a directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def put(self, name: str, content: bytes) -> None:
        """Write, sync, rename, sync the directory: a crash leaves the old file or the new one."""
        self._directory.mkdir(mode=0o755, parents=True, exist_ok=True)
        temporary = self._directory / f".{name}.new"
        temporary.unlink(missing_ok=True)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self._directory / name)
        directory = os.open(self._directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)

    def get(self, name: str) -> bytes | None:
        """The content; ``None`` when there is no such file."""
        try:
            return (self._directory / name).read_bytes()
        except FileNotFoundError:
            return None
