"""`csc-server authority`: certificates of the service, revocation lists, the register's order.

Started and restarted by `csc-server run`; not meant to be started by hand.
"""

from __future__ import annotations

import argparse
import asyncio

from csc_server import authority
from csc_server.commands import basics, processes


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command, without a help text: it is for `run`."""
    parser = commands.add_parser("authority")
    processes.arguments(parser, listens=False)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Go on until SIGTERM or SIGINT."""
    settings, node = basics.settings_of(arguments), arguments.node

    async def work(stop: asyncio.Event) -> None:
        await authority.keep(settings, node, stop)

    return processes.until_stopped(settings, node, work)
