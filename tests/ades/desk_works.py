"""Works that do what a hostile document may do, for the tests of the desk."""

from __future__ import annotations

import os
import resource
import signal
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from ades.desk import MIB, Limits, Work
from policies import errors


class Odd(Exception):
    """An exception of a work's own."""


@dataclass(frozen=True, slots=True)
class Sized:
    """What was found in a file."""

    digest: bytes
    length: int
    more: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Measure(Work[Sized]):
    """Length and first bytes of a file."""

    path: Path

    def perform(self) -> Sized:
        data = self.path.read_bytes()
        return Sized(data[:4], len(data), ("a", "ț"))


@dataclass(frozen=True, slots=True)
class Raise(Work[None]):
    """Fail by a name."""

    raises: ClassVar[tuple[type[Exception], ...]] = (Odd,)
    what: str

    def perform(self) -> None:
        if self.what == "refused":
            raise errors.DocumentUnfit("encrypted")
        if self.what == "full":
            Path("/dev/full").write_bytes(b"x")
        if self.what == "odd":
            raise Odd("mine")
        raise KeyError("secret text of a document")


@dataclass(frozen=True, slots=True)
class Die(Work[None]):
    """End by a signal, or with an exit code when it is 0."""

    number: int

    def perform(self) -> None:
        if self.number == 0:
            os._exit(3)
        os.kill(os.getpid(), self.number)


@dataclass(frozen=True, slots=True)
class Spin(Work[None]):
    """Compute for ever."""

    limits: ClassVar[Limits] = Limits(cpu_s=1, wall_s=60)

    def perform(self) -> None:
        while True:
            pass


@dataclass(frozen=True, slots=True)
class Sleep(Work[None]):
    """Say one's number in a file, and wait for ever."""

    limits: ClassVar[Limits] = Limits(wall_s=60)
    said: Path

    def perform(self) -> None:
        tell(self.said)
        time.sleep(3600)


@dataclass(frozen=True, slots=True)
class Stop(Work[None]):
    """Stop, with a child of one's own that would live on, and a short time."""

    limits: ClassVar[Limits] = Limits(wall_s=0.5)
    said: Path

    def perform(self) -> None:
        pid = os.fork()
        if pid == 0:
            tell(self.said)
            time.sleep(3600)
        while not self.said.exists():
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGSTOP)


@dataclass(frozen=True, slots=True)
class Grow(Work[int]):
    """Take memory."""

    limits: ClassVar[Limits] = Limits(memory_bytes=64 * MIB)
    mib: int

    def perform(self) -> int:
        return len(bytearray(self.mib * MIB))


@dataclass(frozen=True, slots=True)
class Write(Work[None]):
    """Write a file."""

    limits: ClassVar[Limits] = Limits(file_bytes=MIB)
    path: Path
    mib: int

    def perform(self) -> None:
        self.path.write_bytes(bytes(self.mib * MIB))


@dataclass(frozen=True, slots=True)
class Chatter(Work[str]):
    """Answer with a text of so many MiB."""

    mib: int

    def perform(self) -> str:
        return "x" * (self.mib * MIB)


@dataclass(frozen=True, slots=True)
class Lie(Work[int]):
    """Answer with something else than promised."""

    def perform(self) -> int:
        return "one"  # type: ignore[return-value]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a child can see of the world."""

    descriptors: int
    connected: bool
    no_new_privileges: bool
    core_bytes: int
    parent_has_threads: bool
    niceness: int


@dataclass(frozen=True, slots=True)
class Look(Work[Surroundings]):
    """Look around; try to reach a port of this machine."""

    port: int

    def perform(self) -> Surroundings:
        status = Path("/proc/self/status").read_text()
        parents = len(os.listdir(f"/proc/{os.getppid()}/task"))
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=5).close()
            connected = True
        except OSError:
            connected = False
        return Surroundings(
            # The three of every process, and the caller's; listing takes one more.
            descriptors=len(os.listdir("/proc/self/fd")) - 1,
            connected=connected,
            no_new_privileges="NoNewPrivs:\t1" in status,
            core_bytes=resource.getrlimit(resource.RLIMIT_CORE)[1],
            parent_has_threads=parents > 1,
            niceness=os.nice(0),
        )


def tell(path: Path) -> None:
    """Afterwards the file holds our process id, whole."""
    draft = path.with_suffix(".draft")
    draft.write_text(str(os.getpid()))
    draft.rename(path)
