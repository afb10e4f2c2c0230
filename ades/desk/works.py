"""Pieces of work: what a child is asked, and what that may cost.

A ``Work`` is a frozen dataclass of paths, digests and small records with the method that does it.
It travels as its class's name and its fields, its result likewise; nothing else crosses, above
all no pickle and no document. A parent knows the classes of the modules that it was started with,
and no others.
"""

from __future__ import annotations

import importlib
import typing
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar, Final, Generic, TypeVar

from ades.desk import talk
from policies import codec

T = TypeVar("T")

MIB: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """What one piece of work may cost. (security-and-pki 5.5, 7.2 promise 31)"""

    wall_s: float = 10.0
    """Seconds from the fork on; then the child is killed."""
    cpu_s: int = 10
    """Seconds of processor time."""
    memory_bytes: int = 512 * MIB
    """Address space beyond what the loaded libraries take."""
    file_bytes: int = 256 * MIB
    """Longest file that it may write."""
    open_files: int = 64


class Work(ABC, Generic[T]):
    """Something to be done by a child; ``T`` is the type of the result."""

    __slots__ = ()
    limits: ClassVar[Limits] = Limits()
    loads: ClassVar[tuple[str, ...]] = ()
    """Modules that the parent loads beforehand. What they load is large, so the caller, who needs
    only the class, does not: ``perform`` imports them."""
    raises: ClassVar[tuple[type[Exception], ...]] = ()
    """Exceptions that reach the caller as themselves, with their text; all of
    ``policies.errors`` that are made of a text do anyway."""

    @abstractmethod
    def perform(self) -> T:
        """Do it, in the child."""


def known(modules: Sequence[str]) -> dict[str, type[Work[Any]]]:
    """The classes of these modules by name; the modules and what their works need are loaded.

    Raises:
        ImportError: No such module.
        ValueError: Two classes of one name.
    """
    found: dict[str, type[Work[Any]]] = {}
    for module in map(importlib.import_module, modules):
        for name, kind in vars(module).items():
            if not (isinstance(kind, type) and issubclass(kind, Work)) or kind is Work:
                continue
            if found.setdefault(name, kind) is not kind:
                raise ValueError(f"two works are called {name}")
            for needed in kind.loads:
                importlib.import_module(needed)
            # Made once here, not again in each child.
            codec.reader(kind)
    return found


def encode(work: Work[Any]) -> bytes:
    """A frame that asks for ``work``."""
    return talk.frame([type(work).__name__, work])


def decode(payload: bytes, kinds: dict[str, type[Work[Any]]]) -> Work[Any]:
    """The work in a frame's payload.

    Raises:
        Malformed: None that is known here.
    """
    match codec.decode(payload):
        case [str(name), body] if name in kinds:
            work: Work[Any] = codec.reader(kinds[name])(body)
            return work
    raise codec.Malformed("not a work of this desk")


def result(work: Work[T], value: Any) -> T:
    """The plain ``value`` as what ``work`` promises.

    Raises:
        Malformed: It is something else.
    """
    kind: Any = type(work)
    read: T = _result_reader(kind)(value)
    return read


@cache
def _result_reader(kind: Any) -> codec.Reader:
    (base,) = (one for one in kind.__orig_bases__ if typing.get_origin(one) is Work)
    return codec.reader(typing.get_args(base)[0])
