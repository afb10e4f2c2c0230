"""`csc-server run`: the supervisor. Opens the port, keeps the web processes alive.

The listening socket belongs to the supervisor and is handed down, so that connections wait in
its queue, and are not refused, while a dead web process is replaced (ADR 0003).
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
    return Supervisor(settings, open_listener(settings)).run()


def open_listener(settings: Settings) -> socket.socket:
    """The listening socket.

    Raises:
        CommandFailed: The address is taken or not ours.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=BACKLOG)
    except OSError as reason:
        raise CommandFailed(
            f"cannot listen on {settings.host}:{settings.port}: {reason.strerror}; "
            f"choose another with {PREFIX}HOST and {PREFIX}PORT"
        ) from reason


class Supervisor:
    """Keeps as many web processes alive as the settings say."""

    def __init__(self, settings: Settings, listener: socket.socket) -> None:
        self._settings, self._listener = settings, listener
        self._children: dict[int, tuple[str, subprocess.Popen[bytes], float]] = {}
        self._stopping = 0
        self._status = 0

    def run(self) -> int:
        """Serve until told to stop; the exit status."""
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        for number in range(self._settings.workers):
            self._start(f"web-{number}")
        while self._children:
            pid, status = os.wait()
            self._ended(pid, os.waitstatus_to_exitcode(status))
        return self._status

    def _start(self, node: str) -> None:
        descriptor = self._listener.fileno()
        command = [sys.executable, "-m", "csc_server", "--instance", str(self._settings.instance)]
        child = subprocess.Popen(  # noqa: S603 - our own program, no shell
            [*command, "serve", "--listener", str(descriptor), "--node", node],
            pass_fds=[descriptor],
            env=os.environ | {f"{PREFIX}PORT": str(self._listener.getsockname()[1])},
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
