"""`csc-server ca`: the root ceremony, and what the authorities are.

The root's key lies in a token of its own, under `root/` where it is SoftHSM's. After the ceremony
that directory can be taken off the machine; it is wanted again for another authority and for the
root's next revocation list.
"""

from __future__ import annotations

import argparse
import asyncio
import getpass
from pathlib import Path
from typing import Final

from csc_server import app, authority, status
from csc_server.adapters.clock import SystemClock
from csc_server.adapters.entropy import SystemEntropy
from csc_server.adapters.publications import PublicDirectory
from csc_server.commands import basics, common
from csc_server.commands.basics import CommandFailed
from csc_server.commands.common import Administration
from csc_server.config import Settings
from csc_server.operations.ceremony import RootCeremony
from csc_server.operations.certify import CertifyService
from hsm.pool import SignerPool
from policies import errors
from policies import status as rules

_TOKENS: Final = "tokens"


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command and its words."""
    parser = commands.add_parser("ca", help="the root ceremony")
    words = parser.add_subparsers(required=True, metavar="WORD")
    init = words.add_parser("init", help="make the root and the issuing authority")
    init.set_defaults(run=_init)
    listing = words.add_parser("root-crl", help="make the root's next revocation list")
    listing.set_defaults(run=_root_crl)


def _init(arguments: argparse.Namespace) -> int:
    settings = basics.settings_of(arguments)
    if exists(settings):
        raise CommandFailed(f"the authorities exist: {settings.path(app.CA_ROOT)}")

    async def work() -> None:
        async with common.administration(settings) as opened:
            await hold(opened)

    asyncio.run(work())
    print(
        f"Root and issuing authority are made. Take {settings.path(Path('root'))} off this machine "
        "and keep it safe: the root's key is in it."
    )
    return 0


def _root_crl(arguments: argparse.Namespace) -> int:
    settings = basics.settings_of(arguments)
    if not exists(settings):
        raise CommandFailed("there is no authority yet; run: csc-server ca init")

    async def work() -> bytes:
        root_settings = app.root_pool_settings(settings)
        async with common.administration(settings) as opened, SignerPool(root_settings) as keys:
            return await _ceremony(opened, keys).list(authority.root(settings, keys))

    made = asyncio.run(work())
    common.write_private(settings.path(app.CA_ROOT_CRL), made)
    PublicDirectory(settings.path(status.PUBLIC_DIRECTORY)).put("root.crl", made)
    print(f"The root's list is made, good for {rules.ROOT_CRL_VALIDITY.days} days.")
    return 0


def exists(settings: Settings) -> bool:
    """True once the ceremony was held."""
    return settings.path(app.CA_ROOT).exists() and settings.path(app.CA_ISSUING).exists()


async def hold(opened: Administration) -> None:
    """The ceremony: tokens where they are missing, keys, certificates.

    Raises:
        CommandFailed: A name or an address of the settings is not fit for a certificate.
        HsmError, StorageUnavailable: Run it again.
    """
    settings = opened.settings
    if settings.pki.root_softhsm_conf is not None:
        _root_token(settings, settings.path(settings.pki.root_softhsm_conf))
    async with SignerPool(app.root_pool_settings(settings)) as root_keys:
        ceremony = _ceremony(opened, root_keys)
        try:
            made = await ceremony(
                authority.provider(settings),
                authority.root_addresses(settings),
                authority.tolerated(settings),
            )
        except errors.CertificateUnfit as reason:
            raise CommandFailed(f"no certificate for these settings: {reason}") from reason
    common.write_private(settings.path(app.CA_ROOT), made.root)
    common.write_private(settings.path(app.CA_ISSUING), made.issuing)
    common.write_private(settings.path(app.CA_ROOT_CRL), made.crl)


def _ceremony(opened: Administration, root_keys: SignerPool) -> RootCeremony:
    clock, entropy = SystemClock(), SystemEntropy()
    return RootCeremony(
        root_keys=root_keys,
        keys=opened.device,
        certify=CertifyService(
            register=opened.store.certificates,
            clock=clock,
            entropy=entropy,
            actor=f"operator:{getpass.getuser()}",
        ),
        note=opened.store.authorizations.note,
        clock=clock,
        entropy=entropy,
    )


def _root_token(settings: Settings, conf: Path) -> None:
    """A SoftHSM token of its own; its directory gets its name when its PIN is on disk."""
    tokens = conf.parent / _TOKENS
    if tokens.exists():
        return
    conf.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    common.softhsm_tokens(
        conf, tokens, {settings.pki.root_token: settings.path(settings.pki.root_pin_file)}
    )
