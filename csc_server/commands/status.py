"""`csc-server status`: OCSP, revocation lists and time-stamps on a listener of their own.

Started and restarted by `csc-server run`; not meant to be started by hand.
"""

from __future__ import annotations

import argparse
import asyncio

from csc_server import status
from csc_server.adapters import status_socket
from csc_server.adapters.status_socket import SOCKET
from csc_server.commands import basics, processes


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command, without a help text: it is for `run`."""
    parser = commands.add_parser("status")
    processes.arguments(parser, listens=True)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Answer until SIGTERM or SIGINT."""
    settings, node = basics.settings_of(arguments), arguments.node

    async def work(stop: asyncio.Event) -> None:
        application = status.build(settings, node)
        ours = status_socket.listening(settings.path(SOCKET))
        await processes.serve(application, arguments.listener, settings.pki.base_url, stop, [ours])

    return processes.until_stopped(settings, node, work)
