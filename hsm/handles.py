"""Handles remembered by name, for a search costs milliseconds and a signature does not."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

from hsm import errors
from hsm.pkcs11 import Handle

K = TypeVar("K")
R = TypeVar("R")


class HandleCache(Generic[K]):
    """The handles used last; a stale one is looked up again, once."""

    def __init__(
        self,
        look_up: Callable[[K], Handle],
        *,
        size: int,
        release: Callable[[Handle], None] | None = None,
    ) -> None:
        """Nothing is looked up yet.

        Args:
            look_up: Finds or makes the handle; raises when there is none.
            size: Most handles kept.
            release: Called with a handle that has to make room.
        """
        self._look_up = look_up
        self._size = size
        self._release = release
        self._handles: OrderedDict[K, Handle] = OrderedDict()

    def use(self, name: K, action: Callable[[Handle], R]) -> R:
        """What ``action`` returns for the handle with this name.

        Raises:
            Stale: The handle that was just looked up is no good: the token was reset.
        """
        handle = self._handles.get(name)
        if handle is not None:
            self._handles.move_to_end(name)
            try:
                return action(handle)
            except errors.Stale:
                del self._handles[name]
        return action(self._remember(name, self._look_up(name)))

    def drop(self, name: K) -> None:
        """Afterwards the name is looked up afresh."""
        handle = self._handles.pop(name, None)
        if handle is not None and self._release is not None:
            self._release(handle)

    def _remember(self, name: K, handle: Handle) -> Handle:
        self._handles[name] = handle
        if len(self._handles) > self._size:
            _, oldest = self._handles.popitem(last=False)
            if self._release is not None:
                self._release(oldest)
        return handle
