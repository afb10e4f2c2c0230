"""`csc-server validate`: who signed this file, when, and may one rely on it? (docs/validation.md)

The file is read by a process of its own, with limits and without network. Nothing is fetched:
what is not in the file or given here is not known.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final

from ades.desk import Desk, DeskError, OutOfMemory, Overdue
from ades.validation import report, text
from ades.validation.errors import Unreadable
from ades.validation.report import Report
from ades.validation.works import ReadLists, Validate
from csc_server import config
from csc_server.adapters.clock import SystemClock
from policies.validation import Indication

UNREADABLE: Final = 3
STATUSES: Final = {
    Indication.PASSED: 0,
    Indication.FAILED: 1,
    Indication.INDETERMINATE: 2,
    None: UNREADABLE,
}
"""Exit status by the outcome of the worst signature; none at all is nothing to rely on."""
LARGEST: Final = 100 * 1024 * 1024
"""Bytes of a file; signDoc takes half of it."""
_MODULES: Final = ("ades.validation.works",)


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command and its words."""
    parser = commands.add_parser(
        "validate",
        help="check the signatures of a PDF or .p7s file",
        epilog="exit status: 0 all passed, 1 one failed, 2 one is indeterminate, 3 not readable",
    )
    parser.add_argument("file", type=Path, help="PDF or CMS file")
    parser.add_argument("--original", type=Path, help="what a detached signature is over")
    parser.add_argument(
        "--anchor",
        type=Path,
        action="append",
        default=[],
        help="certificate to trust (PEM or DER), beside the root of the instance",
    )
    parser.add_argument(
        "--evidence",
        type=Path,
        action="append",
        default=[],
        help="certificates, revocation lists, OCSP answers (PEM or DER)",
    )
    parser.add_argument(
        "--trusted-list",
        type=Path,
        action="append",
        default=[],
        help="EU trusted list, or the list of the lists (XML): its granted services are trusted",
    )
    parser.add_argument(
        "--list-signer",
        type=Path,
        action="append",
        default=[],
        help="certificate that may have signed a trusted list (PEM or DER)",
    )
    parser.add_argument("--at", help="validate as of this time, such as 2027-01-31T12:00:00Z")
    parser.add_argument("--json", action="store_true", help="print the whole report as JSON")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Validate, print, and say the outcome by the exit status."""
    try:
        found = asyncio.run(_validated(_work(arguments), _lists(arguments)))
    except Unreadable as reason:
        return _refused(str(reason))
    except Overdue:
        return _refused("Reading the file takes too long.")
    except OutOfMemory:
        return _refused("Reading the file takes too much memory.")
    except DeskError as reason:
        return _refused(f"The file cannot be read ({type(reason).__name__}).")
    except OSError as reason:
        return _refused(f"{reason.filename}: {reason.strerror}")
    if arguments.json:
        print(report.as_json(found).decode())
    else:
        print("\n".join(text.lines(arguments.file.name, found)))
    return STATUSES[found.indication]


def _refused(sentence: str) -> int:
    print(f"csc-server: {sentence}", file=sys.stderr)
    return UNREADABLE


async def _validated(work: Validate, lists: ReadLists) -> Report:
    async with Desk(_MODULES, places=1) as desk:
        if lists.files:
            work = replace(work, listed=await desk.do(lists))
        return await desk.do(work)


def _lists(arguments: argparse.Namespace) -> ReadLists:
    files = tuple(path.absolute() for path in arguments.trusted_list)
    for path in files:
        path.stat()
    signers = tuple(path.read_bytes() for path in arguments.list_signer)
    return ReadLists(files, signers, _moment(arguments.at))


def _work(arguments: argparse.Namespace) -> Validate:
    """What is asked of the desk.

    Raises:
        Unreadable: A time that is none, or a file that is too large.
        OSError: A file is missing.
    """
    for path in filter(None, (arguments.file, arguments.original)):
        if path.stat().st_size > LARGEST:
            raise Unreadable(f"{path} has more than {LARGEST} bytes.")
    anchors, evidence = _of_instance(arguments.instance)
    return Validate(
        document=arguments.file.absolute(),
        original=arguments.original.absolute() if arguments.original else None,
        anchors=(*anchors, *(path.read_bytes() for path in arguments.anchor)),
        evidence=(*evidence, *(path.read_bytes() for path in arguments.evidence)),
        now=_moment(arguments.at),
    )


def _moment(at: str | None) -> datetime:
    if at is None:
        return SystemClock().now()
    try:
        moment = datetime.fromisoformat(at)
    except ValueError as error:
        raise Unreadable(f"{at} is no time.") from error
    if moment.tzinfo is None:
        raise Unreadable(f"{at} names no time zone.")
    return moment


def _of_instance(instance: Path) -> tuple[list[bytes], list[bytes]]:
    """Root, and what the authority publishes; nothing without an instance or without a root."""
    if not (instance / config.FILE).exists():
        return [], []
    # Loading the service takes a second; whoever has no instance does not wait for it.
    from csc_server import app, status

    settings = config.load(instance)
    if not settings.path(app.CA_ROOT).exists():
        return [], []
    public = settings.path(status.PUBLIC_DIRECTORY)
    published = [*sorted(public.glob("*.crl")), settings.path(app.CA_ISSUING)]
    return [settings.path(app.CA_ROOT).read_bytes()], [one.read_bytes() for one in published]
