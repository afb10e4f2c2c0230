"""The parent of the desk: one thread, libraries loaded, a fork for each piece of work.

``python -m ades.desk.parent`` with one end of a socket and the modules whose works are known.
For each message with a caller's socket it forks a child (``ades.desk.child``), which talks to the
caller over that socket; the parent reads no request, no answer and no document. It kills a child
at its deadline, or when its caller hangs up, and tells the caller how the child ended: the last
bytes on the socket are the parent's.

It has no key and no database, and is a program of its own: it was not forked from a process with
threads or secrets. Without network, where the system lets it.
"""

from __future__ import annotations

import ctypes
import gc
import os
import resource
import select
import signal
import socket
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ades import parent
from ades.desk import child, talk, works
from ades.desk.works import Limits, Work
from policies import codec

# linux/sched.h
_CLONE_NEWUSER: Final = 0x10000000
_CLONE_NEWNET: Final = 0x40000000

_read_limits: Final = codec.reader(Limits)


@dataclass(slots=True)
class _Child:
    pid: int
    ended: int
    """Descriptor that is readable when it has ended."""
    line: socket.socket
    """Our copy of its socket."""
    end_by_s: float
    """On the monotonic clock."""
    overdue: bool = False


def main(arguments: list[str]) -> int:
    """Serve until the socket closes.

    Args:
        arguments: File descriptor of the socket; names of modules with works.
    """
    descriptor, *modules = arguments
    parent.die_with_parent()
    for number in (signal.SIGINT, signal.SIGTERM):
        # Both may go to the whole process group while our caller still drains.
        signal.signal(number, signal.SIG_IGN)
    os.umask(0o077)
    child.step_aside()
    isolated = leave_network()
    kinds = works.known(modules)
    # Children share our pages as long as nobody writes to them.
    gc.collect()
    gc.freeze()
    with socket.socket(fileno=int(descriptor)) as line:
        line.send(codec.encode(talk.Ready(isolated)))
        _Parent(line, kinds).serve()
    return 0


def leave_network() -> bool:
    """True when this process has no network any more, not even the machine's own addresses.

    Root may leave it; others need a user namespace for that, which some systems refuse.
    """
    library = ctypes.CDLL(None, use_errno=True)
    user, group = os.getuid(), os.getgid()
    if library.unshare(_CLONE_NEWNET) == 0:
        return True
    if library.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) != 0:
        return False
    # The same names for the same people inside.
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    return True


class _Parent:
    def __init__(self, line: socket.socket, kinds: dict[str, type[Work[Any]]]) -> None:
        self._line, self._kinds = line, kinds
        self._pid = os.getpid()
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        self._loaded_bytes = pages * resource.getpagesize()
        self._poll = select.poll()
        self._poll.register(line, select.POLLIN)
        self._by_end: dict[int, _Child] = {}
        self._by_line: dict[int, _Child] = {}

    def serve(self) -> None:
        """Fork, kill and bury until the caller closes the socket."""
        while True:
            for descriptor, _ in self._poll.poll(self._patience_ms()):
                if descriptor == self._line.fileno():
                    if not self._take():
                        return
                elif descriptor in self._by_end:
                    self._bury(self._by_end[descriptor])
                elif descriptor in self._by_line:
                    # Nobody waits for it any more.
                    self._kill(self._by_line[descriptor])
            now = time.monotonic()
            for one in self._by_end.values():
                if one.end_by_s <= now and not one.overdue:
                    one.overdue = True
                    self._kill(one)

    def _patience_ms(self) -> int | None:
        ends = [one.end_by_s for one in self._by_end.values() if not one.overdue]
        if not ends:
            return None
        return max(0, int((min(ends) - time.monotonic()) * 1000) + 1)

    def _take(self) -> bool:
        """Fork a child for the next message; False at the end of all."""
        message, descriptors, _, _ = socket.recv_fds(self._line, talk.LONGEST_MESSAGE, 1)
        if not message:
            return False
        limits: Limits = _read_limits(codec.decode(message))
        line = socket.socket(fileno=descriptors[0])
        try:
            pid = os.fork()
        except OSError:
            # The caller learns it from a socket that ends without a word.
            line.close()
            return True
        if pid == 0:
            child.run(line, limits, self._kinds, self._pid, self._loaded_bytes)
        one = _Child(pid, os.pidfd_open(pid), line, time.monotonic() + limits.wall_s)
        self._by_end[one.ended] = self._by_line[line.fileno()] = one
        self._poll.register(one.ended, select.POLLIN)
        # Nothing but the hang-up, which needs no asking for.
        self._poll.register(line, 0)
        return True

    def _kill(self, one: _Child) -> None:
        # Told once: a socket that was hung up stays so.
        with suppress(KeyError):
            self._poll.unregister(one.line)
        with suppress(ProcessLookupError):
            os.kill(one.pid, signal.SIGKILL)

    def _bury(self, one: _Child) -> None:
        del self._by_end[one.ended], self._by_line[one.line.fileno()]
        self._poll.unregister(one.ended)
        with suppress(KeyError):
            self._poll.unregister(one.line)
        # What it started goes too. It is not reaped yet, so the number of its group is its own.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(one.pid, signal.SIGKILL)
        code = os.waitstatus_to_exitcode(os.waitpid(one.pid, 0)[1])
        cause = talk.OVERDUE if one.overdue else talk.KILLED if code < 0 else talk.ENDED
        with suppress(OSError):
            # The caller may have hung up.
            one.line.send(cause + bytes([abs(code)]), socket.MSG_DONTWAIT)
        one.line.close()
        os.close(one.ended)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
