"""What the processes under `csc-server run` have in common: logs, signals, reasons not to start."""

from __future__ import annotations

import argparse
import asyncio
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import structlog
import uvloop
from aiohttp import web

from ades import parent
from csc_server import logs, storage
from csc_server.commands import basics
from csc_server.config import ConfigurationRefused, Settings
from csc_server.ports.keys import TombstonesUnreadable
from hsm import errors as hsm

SHUTDOWN_S: Final = 10.0
"""Seconds that requests under way get at a stop."""
_HOPELESS: Final = (
    ConfigurationRefused,
    storage.DatabaseRolledBack,
    storage.SchemaOutdated,
    storage.WitnessBroken,
    TombstonesUnreadable,
    # Another start would try the PIN again, and a few wrong tries lock a token.
    hsm.PinRefused,
)

Work = Callable[[asyncio.Event], Awaitable[None]]
"""Runs until the event is set."""

_log = structlog.get_logger("csc_server")


def arguments(parser: argparse.ArgumentParser, *, listens: bool) -> None:
    """What the supervisor tells its children."""
    parser.add_argument("--node", required=True, help="name of this process")
    if listens:
        parser.add_argument("--listener", type=int, required=True, help="inherited socket")


def until_stopped(settings: Settings, node: str, work: Work) -> int:
    """Do the work until SIGTERM or SIGINT; the exit status."""
    parent.die_with_parent()
    logs.configure(settings.log_level)
    structlog.contextvars.bind_contextvars(node=node)
    try:
        uvloop.run(_stoppable(work))
    except _HOPELESS as reason:
        _log.error("refused_to_start", reason=type(reason).__name__, detail=str(reason))
        print(f"csc-server: {_advice(reason)}", file=sys.stderr)
        return basics.REFUSED
    return 0


async def serve(
    application: web.Application,
    descriptor: int,
    url: str,
    stop: asyncio.Event,
    further: Sequence[socket.socket] = (),
) -> None:
    """Answer on the inherited socket, and on further ones, until told to stop."""
    runner = web.AppRunner(
        application, handle_signals=False, access_log=None, shutdown_timeout=SHUTDOWN_S
    )
    await runner.setup()
    try:
        for listener in (socket.socket(fileno=descriptor), *further):
            await web.SockSite(runner, listener, backlog=1024).start()
        _log.info("serving", url=url)
        await stop.wait()
    finally:
        await runner.cleanup()
        _log.info("stopped")


async def _stoppable(work: Work) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await work(stop)


def _advice(reason: Exception) -> str:
    if isinstance(reason, storage.SchemaOutdated):
        return "the database is older than this version; run: csc-server init"
    return f"will not start: {type(reason).__name__}: {reason}"
