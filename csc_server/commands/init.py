"""`csc-server init`: an instance directory with everything a service needs, or a newer one.

Tokens, PIN files, configuration, database, service keys, authority. Every step looks first
whether its work is done, so a run that was stopped half-way is finished by the next one.
"""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path
from typing import Final

from csc_server import config, storage
from csc_server.commands import ca, common
from csc_server.config import Settings

SOFTHSM_CONF: Final = Path("softhsm.conf")
TOKENS: Final = Path("tokens")
_DIRECTORIES: Final = ("secrets", "audit", "ca", "demo", "log")


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser("init", help="create an instance, or bring one up to date")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Create or complete the instance."""
    settings = initialise(arguments.instance)
    print(f"The instance {settings.instance} is ready.")
    return 0


def initialise(instance: Path) -> Settings:
    """Afterwards the instance is complete; what was there is kept.

    Raises:
        ConfigurationRefused: A setting is unknown or out of range.
        HsmError, StorageUnavailable: The HSM or the database cannot be used.
    """
    instance.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in _DIRECTORIES:
        (instance / name).mkdir(mode=0o700, exist_ok=True)
    if not (instance / config.FILE).exists():
        common.write_private(instance / config.FILE, _FIRST_CONFIGURATION.encode())
    settings = config.load(instance)
    if settings.pkcs11.softhsm_conf is not None:
        _softhsm(settings)
    asyncio.run(storage.migrate(settings.database))
    asyncio.run(_keys(settings))
    return settings


def _softhsm(settings: Settings) -> None:
    """Two SoftHSM tokens with random PINs in files of their own."""
    hsm = settings.pkcs11
    tokens = settings.path(TOKENS)
    if hsm.softhsm_conf is None or tokens.exists():
        return
    labels = {
        hsm.service_token: settings.path(hsm.service_pin_file),
        hsm.signers_token: settings.path(hsm.signers_pin_file),
    }
    common.softhsm_tokens(settings.path(hsm.softhsm_conf), tokens, labels)


async def _keys(settings: Settings) -> None:
    """Service keys in the HSM, and the authorities."""
    async with common.administration(settings) as opened:
        await opened.device.initialise()
        if not ca.exists(settings):
            await ca.hold(opened)


_FIRST_CONFIGURATION: Final = f"""\
# Configuration of this Paraph instance. Every key is described in the README.
# Relative paths start at this directory. After a change: restart the service.

[pkcs11]
softhsm_conf = "{SOFTHSM_CONF}"
"""
