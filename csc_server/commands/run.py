"""`csc-server run`: the supervisor. Opens the ports, keeps the processes alive.

Web processes, the status process (OCSP, revocation lists, time-stamps) and the authority process.
None needs another: status goes on being answered while the signing service is down.

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
from collections.abc import Sequence
from dataclasses import dataclass
from types import FrameType
from typing import Final

from csc_server.commands import basics
from csc_server.commands.basics import CommandFailed
from csc_server.config import DELIMITER, PREFIX, Settings

BACKLOG: Final = 1024
HASTY_S: Final = 1.0
"""A process that lived shorter than this is replaced after a pause."""
PAUSE_S: Final = 0.5
PARTS: Final = ("web", "status", "authority")


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser("run", help="start the service; stop it with Ctrl-C")
    parser.add_argument(
        "--only",
        action="append",
        choices=PARTS,
        help="start this part alone; may be given again. Default: all of them",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Serve until SIGTERM or SIGINT."""
    settings = basics.settings_of(arguments)
    return Supervisor(settings, children(settings, arguments.only or PARTS)).run()


@dataclass(frozen=True, slots=True)
class Child:
    """A process that is kept alive."""

    node: str
    """Its name in logs and audit records."""
    word: str
    """The command that it runs."""
    listener: socket.socket | None = None
    variable: str = ""
    """The setting of its port, told to it because 0 may have meant any."""


def children(settings: Settings, parts: Sequence[str] = PARTS) -> list[Child]:
    """The processes of these parts, with the sockets of those that listen.

    Raises:
        CommandFailed: An address is taken or not ours.
    """
    found = []
    if "web" in parts:
        found += [
            Child(f"web-{number}", "serve", listener, f"{PREFIX}PORT")
            for number, listener in enumerate(open_listeners(settings))
        ]
    if "status" in parts:
        pki, prefix = settings.pki, f"{PREFIX}PKI{DELIMITER}"
        listener = _alone(pki.host, pki.port, prefix)
        found.append(Child("status", "status", listener, f"{prefix}PORT"))
    if "authority" in parts:
        found.append(Child("authority", "authority"))
    return found


def open_listeners(settings: Settings) -> list[socket.socket]:
    """A listening socket for each web process, all on one port; the kernel spreads connections.

    Raises:
        CommandFailed: The address is taken or not ours.
    """
    # Alone first: sockets that share a port would also share it with a stranger's.
    first = _alone(settings.host, settings.port, PREFIX)
    port: int = first.getsockname()[1]
    if settings.workers == 1:
        return [first]
    first.close()
    return [_listener(settings.host, port, shared=True) for _ in range(settings.workers)]


def _alone(host: str, port: int, prefix: str) -> socket.socket:
    try:
        return _listener(host, port, shared=False)
    except OSError as reason:
        raise CommandFailed(
            f"cannot listen on {host}:{port}: {reason.strerror}; "
            f"choose another with {prefix}HOST and {prefix}PORT"
        ) from reason


def _listener(host: str, port: int, *, shared: bool) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=BACKLOG, reuse_port=shared)


class Supervisor:
    """Keeps an instance's processes alive."""

    def __init__(self, settings: Settings, wanted: list[Child]) -> None:
        self._settings = settings
        self._wanted = wanted
        self._children: dict[int, tuple[Child, subprocess.Popen[bytes], float]] = {}
        self._stopping = 0
        self._status = 0

    def run(self) -> int:
        """Serve until told to stop; the exit status."""
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        for child in self._wanted:
            self._start(child)
        while self._children:
            pid, status = os.wait()
            self._ended(pid, os.waitstatus_to_exitcode(status))
        return self._status

    def _start(self, child: Child) -> None:
        command = [sys.executable, "-m", "csc_server", "--instance", str(self._settings.instance)]
        command += [child.word, "--node", child.node]
        environment, descriptors = dict(os.environ), []
        if child.listener is not None:
            descriptors = [child.listener.fileno()]
            command += ["--listener", str(descriptors[0])]
            environment[child.variable] = str(child.listener.getsockname()[1])
        process = subprocess.Popen(  # noqa: S603 - our own program, no shell
            command, pass_fds=descriptors, env=environment
        )
        self._children[process.pid] = (child, process, time.monotonic())

    def _ended(self, pid: int, status: int) -> None:
        if pid not in self._children:
            return
        child, process, started = self._children.pop(pid)
        process.returncode = status
        if self._stopping:
            return
        if status == basics.REFUSED:
            self._status = basics.REFUSED
            self._stop(signal.SIGTERM, None)
            return
        print(f"{child.node} ended with status {status}; starting it again", file=sys.stderr)
        if time.monotonic() - started < HASTY_S:
            time.sleep(PAUSE_S)
        if not self._stopping:
            self._start(child)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        """The first signal asks the children to finish, the second ends them."""
        del number, frame
        self._stopping += 1
        for _, process, _ in list(self._children.values()):
            process.send_signal(signal.SIGTERM if self._stopping == 1 else signal.SIGKILL)
