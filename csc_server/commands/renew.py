"""`csc-server renew`: signed files at B-LTA stay checkable: evidence of now, a further time-stamp.

Evidence and time-stamps come from the status process of the instance, which has to run. A file is
replaced whole, and only by one that our own validator passes.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ades.desk import Desk, DeskError
from ades.levels.works import Signed
from ades.validation.errors import Unreadable
from csc_server import app
from csc_server.adapters.clock import SystemClock
from csc_server.adapters.entropy import SystemEntropy
from csc_server.commands import basics
from csc_server.commands.basics import CommandFailed
from csc_server.config import Settings
from csc_server.operations.renew import NotArchived, Renew
from csc_server.ports.documents import EvidenceUnavailable, TimestampUnavailable
from policies.errors import SignatureUnsound, TimestampRefused

FAILED: Final = 1
_WORKS: Final = ("ades.levels.works", "ades.checking")
_HEADER_WITHIN: Final = 1024
"""security-and-pki 5.5: where a PDF says that it is one."""
_REASONS: Final[dict[type[Exception], str]] = {
    Unreadable: "not a signed document that can be read",
    NotArchived: "has no archive time-stamp (B-LTA), so there is nothing to renew",
    EvidenceUnavailable: "its time-stamps are of an authority whose status is not known here",
    TimestampUnavailable: "no time-stamp: does the status process run?",
    TimestampRefused: "no time-stamp: is the authority's clock right, has it a certificate?",
    SignatureUnsound: "does not pass the check after its renewal; it stays as it was",
    DeskError: "too large or too broken to be handled",
}


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command and its words."""
    parser = commands.add_parser("renew", help="renew the archive time-stamps of signed files")
    parser.add_argument("file", type=Path, nargs="+", help="PDF or CMS file at B-LTA")
    parser.add_argument("--original", type=Path, help="what a detached signature is over")
    parser.add_argument("--early", action="store_true", help="renew also what is not due yet")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Renew what is due; 1 if a file could not be."""
    settings = basics.settings_of(arguments)
    return asyncio.run(_renew(settings, arguments))


async def _renew(settings: Settings, arguments: argparse.Namespace) -> int:
    authority, source = app.timestamp_authority(settings), app.evidence_source(settings)
    if authority is None or source is None:
        raise CommandFailed("this instance has no authority of its own for time-stamps")
    async with AsyncExitStack() as stack:
        renew = Renew(
            desk=await stack.enter_async_context(Desk(_WORKS, places=1)),
            source=await stack.enter_async_context(source),
            timestamps=await stack.enter_async_context(authority),
            anchors=app.stamp_anchors(settings),
            clock=SystemClock(),
            entropy=SystemEntropy(),
        )
        good = [await _one(renew, file, arguments) for file in arguments.file]
    return 0 if all(good) else FAILED


async def _one(renew: Renew, file: Path, arguments: argparse.Namespace) -> bool:
    """Renew a copy beside the file and put it in its place; whether that went well."""
    try:
        with _Copy(file) as copy:
            signed = Signed(copy.path, copy.is_pdf)
            done = await renew(signed, arguments.original, early=arguments.early)
            if done.done:
                copy.keep()
    except OSError as error:
        print(f"{file}: {error.strerror}")
        return False
    except tuple(_REASONS) as error:
        reason = next(text for kind, text in _REASONS.items() if isinstance(error, kind))
        print(f"{file}: {reason}")
        return False
    until = f"good until {done.good_until:%Y-%m-%d}"
    print(f"{file}: renewed, {until}" if done.done else f"{file}: not due yet, {until}")
    return True


@dataclass(slots=True)
class _Copy:
    """A copy in the same directory, gone at the end unless it was kept."""

    original: Path

    @property
    def path(self) -> Path:
        """Absolute: children have a directory of their own."""
        return self.original.absolute().with_name(f".{self.original.name}.renewed")

    @property
    def is_pdf(self) -> bool:
        """As far as the first KiB says."""
        with self.path.open("rb") as file:
            return b"%PDF-" in file.read(_HEADER_WITHIN)

    def keep(self) -> None:
        """Afterwards it stands in the place of the original."""
        with self.path.open("rb") as file:
            os.fsync(file.fileno())
        self.path.replace(self.original)

    def __enter__(self) -> _Copy:
        shutil.copy2(self.original, self.path)
        return self

    def __exit__(self, *failure: object) -> None:
        self.path.unlink(missing_ok=True)
