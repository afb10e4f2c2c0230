"""`csc-server serve`: one web process on a listening socket that its parent opened.

Started and restarted by `csc-server run`; not meant to be started by hand.
"""

from __future__ import annotations

import argparse
import asyncio

import structlog

from csc_server import app
from csc_server.commands import basics, processes

_log = structlog.get_logger("csc_server")


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command, without a help text: it is for `run`."""
    parser = commands.add_parser("serve")
    processes.arguments(parser, listens=True)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Serve until SIGTERM or SIGINT."""
    settings, node = basics.settings_of(arguments), arguments.node

    async def work(stop: asyncio.Event) -> None:
        if settings.environment == "production" and "softhsm" in settings.pkcs11.module.name:
            _log.warning("softhsm_in_production", advice="SoftHSM keeps keys in files")
        application = app.build(settings, node)
        await processes.serve(application, arguments.listener, settings.base_url, stop)

    return processes.until_stopped(settings, node, work)
