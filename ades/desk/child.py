"""A child of the desk: limits itself, does one piece of work, answers, ends. (docs/adr/0012)

It was forked from a parent that holds no key, no database and no document, so there is nothing in
it to be stolen; what is left to it are its files, its time and its memory, all bounded.
"""

from __future__ import annotations

import ctypes
import os
import resource
import socket
import traceback
from pathlib import Path
from typing import Any, Final, NoReturn

from ades import parent
from ades.desk import errors, talk, works
from ades.desk.talk import BUG, Answer
from ades.desk.works import Limits, Work
from policies import codec
from policies.errors import Refused

# linux/prctl.h
_PR_SET_DUMPABLE: Final = 4
_PR_SET_NO_NEW_PRIVS: Final = 38
_LIBRARY: Final = ctypes.CDLL(None)
_KILLED_FIRST: Final = "500"
"""proc(5) oom_score_adj: where memory ends, a child goes before a service process."""
_NICENESS: Final = 5
"""A third of everybody else's share while the cores are busy: who asks for something small does not
wait for somebody's large document. Less than that, and documents would miss their time limits on a
machine that is busy for long."""


def run(
    line: socket.socket,
    limits: Limits,
    kinds: dict[str, type[Work[Any]]],
    parent_pid: int,
    loaded_bytes: int,
) -> NoReturn:
    """Everything that a child does.

    Args:
        line: To the caller; the only descriptor that is kept.
        loaded_bytes: Address space that the libraries take.
    """
    code = 1
    try:
        _confine(line.fileno(), limits, parent_pid, loaded_bytes)
        line.sendall(talk.encode_answer(_answer(_receive(line), kinds)))
        code = 0
    finally:
        # Never further up: the code there is the parent's.
        os._exit(code)


def _confine(kept: int, limits: Limits, parent_pid: int, loaded_bytes: int) -> None:
    os.setpgid(0, 0)
    parent.die_with_parent(parent_pid)
    os.closerange(3, kept)
    os.closerange(kept + 1, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    _LIBRARY.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    _LIBRARY.prctl(_PR_SET_DUMPABLE, 0)
    for kind, most in (
        (resource.RLIMIT_AS, loaded_bytes + limits.memory_bytes),
        (resource.RLIMIT_FSIZE, limits.file_bytes),
        (resource.RLIMIT_NOFILE, limits.open_files),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (most, most))
    # SIGXCPU first, which tells why; SIGKILL a second later.
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_s, limits.cpu_s + 1))


def step_aside() -> None:
    """Afterwards this process and its children go first where memory ends, and last where the
    cores do not suffice."""
    Path("/proc/self/oom_score_adj").write_text(_KILLED_FIRST)
    os.nice(_NICENESS)


def _receive(line: socket.socket) -> bytes:
    head = line.recv(talk.LENGTH_BYTES, socket.MSG_WAITALL)
    return line.recv(int.from_bytes(head, "big"), socket.MSG_WAITALL)


def _answer(payload: bytes, kinds: dict[str, type[Work[Any]]]) -> Answer:
    """Do what a frame asks. The one broad ``except`` of this port stands here."""
    try:
        work = works.decode(payload, kinds)
    except codec.Malformed as error:
        return Answer(error=BUG, text=str(error))
    named: tuple[type[Exception], ...] = (Refused, *work.raises)
    try:
        return Answer(work.perform())
    except named as error:
        return _failure(error)
    except MemoryError as error:
        return _failure(errors.OutOfMemory(_places(error)))
    except Exception as error:  # noqa: BLE001  # told to the caller, who logs it
        if isinstance(error, OSError) and error.errno in errors.OF_FILES:
            return _failure(errors.OF_FILES[error.errno](_places(error)))
        return Answer(error=BUG, text=f"{type(error).__name__} at {_places(error)}")


def _failure(error: Exception) -> Answer:
    return Answer(error=type(error).__name__, text=str(error))


def _places(error: Exception) -> str:
    """Where it happened; never its text, which may be a document's."""
    places = [f"{one.name}:{one.lineno}" for one in traceback.extract_tb(error.__traceback__)]
    return " < ".join(reversed(places))
