"""`csc-server certificate`: list, suspend, resume, revoke.

What ends a certificate disables its key at once; responder and revocation list follow within
seconds and a minute.
"""

from __future__ import annotations

import argparse
import asyncio
import getpass
from collections.abc import Awaitable, Callable

from csc_server.commands import basics, common
from csc_server.commands.basics import CommandFailed
from csc_server.operations.certificates.ending import Actor, EndCertificate, FindCertificates
from pki.ports import Registered, Serial
from policies import errors, revocation
from policies.revocation import Reason

Ending = Callable[[EndCertificate, Actor, Serial], Awaitable[Registered]]


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command and its words."""
    parser = commands.add_parser("certificate", help="list, suspend, resume, revoke")
    words = parser.add_subparsers(required=True, metavar="WORD")
    listing = words.add_parser("list", help="list the certificates of an account")
    listing.add_argument("username")
    listing.set_defaults(run=_list)
    for word, ending in (("suspend", EndCertificate.suspend), ("resume", EndCertificate.resume)):
        one = words.add_parser(word, help=f"{word} a certificate and its key")
        one.add_argument("serial", type=_serial, help="serial number, hexadecimal")
        one.set_defaults(run=_end, ending=ending)
    revoke = words.add_parser("revoke", help="revoke a certificate for good")
    revoke.add_argument("serial", type=_serial, help="serial number, hexadecimal")
    revoke.add_argument(
        "--reason",
        type=Reason,
        choices=sorted(revocation.FOR_REVOCATION),
        default=Reason.UNSPECIFIED,
        help="default: %(default)s",
    )
    revoke.set_defaults(run=_revoke)


def _serial(text: str) -> Serial:
    return Serial(f"{int(text, 16):x}")


def _list(arguments: argparse.Namespace) -> int:
    settings = basics.settings_of(arguments)

    async def work() -> None:
        async with common.administration(settings) as opened:
            account = await common.account_named(opened.store, arguments.username)
            for one in await FindCertificates(opened.store.certificates)(account.account_id):
                until = one.not_after.date().isoformat()
                print(f"{one.serial}  {one.state:<9}  {one.profile:<14}  until {until}")

    asyncio.run(work())
    return 0


def _revoke(arguments: argparse.Namespace) -> int:
    reason: Reason = arguments.reason

    async def ending(end: EndCertificate, actor: Actor, serial: Serial) -> Registered:
        return await end.revoke(actor, serial, reason)

    arguments.ending = ending
    return _end(arguments)


def _end(arguments: argparse.Namespace) -> int:
    settings, serial = basics.settings_of(arguments), arguments.serial
    ending: Ending = arguments.ending

    async def work() -> Registered:
        async with common.administration(settings) as opened:
            end = common.end_certificate(opened)
            return await ending(end, Actor(f"operator:{getpass.getuser()}"), serial)

    try:
        line = asyncio.run(work())
    except errors.CertificateUnknown as reason:
        raise CommandFailed(f"no certificate {serial}") from reason
    except errors.CertificateNotSo as reason:
        raise CommandFailed(str(reason)) from reason
    print(f"Certificate {line.serial} is {line.state}.")
    return 0
