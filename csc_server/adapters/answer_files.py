"""OCSP answers made in advance, as files that any web server can give out.

Under ``ocsp`` beside the other published files, each called as the GET that asks for it, with the
time of its thisUpdate. Replaced whole, but not forced to the disk: they are made anew when they
are lost. One process writes them; which are due and what they say is not decided here.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import structlog

from ades.der import NotDer
from pki.ocsp import kept
from pki.ocsp.kept import Kept

DIRECTORY: Final = "ocsp"
_NEW: Final = ".new"

_log = structlog.get_logger("csc_server.status")


class AnswerFiles:
    """The port ``KeptAnswers`` on a directory."""

    def __init__(self, published: Path) -> None:
        """Nothing is touched yet.

        Args:
            published: Where the other files for everybody lie.
        """
        self._root = published / DIRECTORY

    def get(self, cert_id: bytes) -> Kept | None:
        """The answer, whatever its age; ``None``: there is none, or it is spoilt."""
        return _read(self._root / kept.path(cert_id))

    def made_at(self, cert_id: bytes) -> datetime | None:
        """thisUpdate of the answer, without reading it."""
        try:
            found = os.stat(f"{self._root}/{kept.path(cert_id)}")
        except OSError:
            return None
        return datetime.fromtimestamp(found.st_mtime, UTC)

    def put(self, answers: Sequence[Kept]) -> None:
        """Afterwards these lie there, each the old or the new one, never a part."""
        self._root.mkdir(mode=0o755, parents=True, exist_ok=True)
        root, temporary = os.fspath(self._root), os.fspath(self._root / _NEW)
        for one in answers:
            _write(temporary, one)
            try:
                _replace(temporary, f"{root}/{kept.path(one.cert_id)}")
            except (IsADirectoryError, NotADirectoryError, FileExistsError):
                # One in 2**100: its name is the beginning of another's. It is signed when asked.
                _log.warning("answer_has_no_place", serial=f"{one.serial:x}")

    def older(self, than: datetime) -> Iterator[Kept]:
        """Answers from before this instant; spoilt ones are removed on the way."""
        limit = than.timestamp()
        for path in self._files():
            try:
                if path.stat().st_mtime >= limit:
                    continue
            except FileNotFoundError:
                continue  # An operator tidies up meanwhile.
            found = _read(path)
            if found is None:
                path.unlink(missing_ok=True)
            else:
                yield found

    def drop(self, answers: Iterable[Kept]) -> None:
        """Afterwards these are gone."""
        for one in answers:
            path = self._root / kept.path(one.cert_id)
            path.unlink(missing_ok=True)
            for directory in path.parents:
                if directory == self._root or any(directory.iterdir()):
                    break
                directory.rmdir()

    def _files(self) -> Iterator[Path]:
        for directory, _, names in os.walk(self._root):
            yield from (Path(directory, name) for name in names if name != _NEW)


def _read(path: Path) -> Kept | None:
    try:
        return kept.read(path.read_bytes())
    except (NotDer, OSError):
        return None


def _write(path: str, answer: Kept) -> None:
    moment = answer.window.this_update.timestamp()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    try:
        os.write(descriptor, answer.body)
        os.utime(descriptor, (moment, moment))
    finally:
        os.close(descriptor)


def _replace(temporary: str, path: str) -> None:
    try:
        os.replace(temporary, path)
    except FileNotFoundError:
        os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
        os.replace(temporary, path)
