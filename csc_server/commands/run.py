"""`csc-server run`: the supervisor. Opens the port, keeps the web processes alive.

The listening sockets belong to the supervisor and are handed down, so that connections wait in
their queues, and are not refused, while a dead web process is replaced (ADR 0003).
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import subprocess
import sys
import time
from types import FrameType
from typing import Final

from csc_server.commands import basics
from csc_server.commands.basics import CommandFailed
from csc_server.config import PREFIX, Settings

BACKLOG: Final = 1024
HASTY_S: Final = 1.0
"""A process that lived shorter than this is replaced after a pause."""
PAUSE_S: Final = 0.5


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser("run", help="start the service; stop it with Ctrl-C")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Serve until SIGTERM or SIGINT."""
    settings = basics.settings_of(arguments)
    return Supervisor(settings, open_listeners(settings)).run()


def open_listeners(settings: Settings) -> list[socket.socket]:
    """A listening socket for each web process, all on one port; the kernel spreads connections.

    Raises:
        CommandFailed: The address is taken or not ours.
    """
    try:
        # Alone first: sockets that share a port would also share it with a stranger's.
        first = _listener(settings, settings.port, shared=False)
        port: int = first.getsockname()[1]
        if settings.workers == 1:
            return [first]
        first.close()
        return [_listener(settings, port, shared=True) for _ in range(settings.workers)]
    except OSError as reason:
        raise CommandFailed(
            f"cannot listen on {settings.host}:{settings.port}: {reason.strerror}; "
            f"choose another with {PREFIX}HOST and {PREFIX}PORT"
        ) from reason


def _listener(settings: Settings, port: int, *, shared: bool) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    return socket.create_server(
        (settings.host, port), family=family, backlog=BACKLOG, reuse_port=shared
    )


class Supervisor:
    """Keeps as many web processes alive as the settings say."""

    def __init__(self, settings: Settings, listeners: list[socket.socket]) -> None:
        self._settings = settings
        self._listeners = {f"web-{number}": one for number, one in enumerate(listeners)}
        self._children: dict[int, tuple[str, subprocess.Popen[bytes], float]] = {}
        self._stopping = 0
        self._status = 0

    def run(self) -> int:
        """Serve until told to stop; the exit status."""
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        for node in self._listeners:
            self._start(node)
        while self._children:
            pid, status = os.wait()
            self._ended(pid, os.waitstatus_to_exitcode(status))
        return self._status

    def _start(self, node: str) -> None:
        listener = self._listeners[node]
        descriptor = listener.fileno()
        command = [sys.executable, "-m", "csc_server", "--instance", str(self._settings.instance)]
        child = subprocess.Popen(  # noqa: S603 - our own program, no shell
            [*command, "serve", "--listener", str(descriptor), "--node", node],
            pass_fds=[descriptor],
            env=os.environ | {f"{PREFIX}PORT": str(listener.getsockname()[1])},
        )
        self._children[child.pid] = (node, child, time.monotonic())

    def _ended(self, pid: int, status: int) -> None:
        if pid not in self._children:
            return
        node, child, started = self._children.pop(pid)
        child.returncode = status
        if self._stopping:
            return
        if status == basics.REFUSED:
            self._status = basics.REFUSED
            self._stop(signal.SIGTERM, None)
            return
        print(f"{node} ended with status {status}; starting it again", file=sys.stderr)
        if time.monotonic() - started < HASTY_S:
            time.sleep(PAUSE_S)
        if not self._stopping:
            self._start(node)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        """The first signal asks the children to finish, the second ends them."""
        del number, frame
        self._stopping += 1
        for _, child, _ in list(self._children.values()):
            child.send_signal(signal.SIGTERM if self._stopping == 1 else signal.SIGKILL)
