"""`csc-server serve`: one web process on a listening socket that its parent opened.

Started and restarted by `csc-server run`; not meant to be started by hand.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import socket
import sys
from typing import Final

import structlog
import uvloop
from aiohttp import web

from csc_server import app, logs, storage
from csc_server.commands import basics
from csc_server.config import ConfigurationRefused, Settings
from hsm import errors as hsm
from hsm import parent

SHUTDOWN_S: Final = 10.0
"""Seconds that requests under way get at a stop."""
_HOPELESS: Final = (
    ConfigurationRefused,
    storage.DatabaseRolledBack,
    storage.SchemaOutdated,
    storage.WitnessBroken,
    # Another start would try the PIN again, and a few wrong tries lock a token.
    hsm.PinRefused,
)

_log = structlog.get_logger("csc_server")


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command, without a help text: it is for `run`."""
    parser = commands.add_parser("serve")
    parser.add_argument("--listener", type=int, required=True, help="inherited socket")
    parser.add_argument("--node", required=True, help="name of this process")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Serve until SIGTERM or SIGINT."""
    parent.die_with_parent()
    settings = basics.settings_of(arguments)
    logs.configure(settings.log_level)
    structlog.contextvars.bind_contextvars(node=arguments.node)
    listener = socket.socket(fileno=arguments.listener)
    try:
        uvloop.run(_serve(settings, listener, arguments.node))
    except _HOPELESS as reason:
        _log.error("refused_to_start", reason=type(reason).__name__, detail=str(reason))
        print(f"csc-server: {_advice(reason)}", file=sys.stderr)
        return basics.REFUSED
    return 0


def _advice(reason: Exception) -> str:
    if isinstance(reason, storage.SchemaOutdated):
        return "the database is older than this version; run: csc-server init"
    return f"will not start: {type(reason).__name__}: {reason}"


async def _serve(settings: Settings, listener: socket.socket, node: str) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    runner = web.AppRunner(
        app.build(settings, node),
        handle_signals=False,
        access_log=None,
        shutdown_timeout=SHUTDOWN_S,
    )
    await runner.setup()
    try:
        await web.SockSite(runner, listener, backlog=1024).start()
        _log.info("serving", url=settings.base_url)
        if settings.environment == "production" and "softhsm" in settings.pkcs11.module.name:
            _log.warning("softhsm_in_production", advice="SoftHSM keeps keys in files")
        await stop.wait()
    finally:
        await runner.cleanup()
        _log.info("stopped")
