"""Exit codes of a signer process: how the pool learns why one ended."""

from __future__ import annotations

from typing import Final

DONE: Final = 0
"""The pool closed the socket, or the process said that it was leaving."""
BROKEN: Final = 3
"""The device did not work at the start."""
PIN_REFUSED: Final = 4
"""A token refused its PIN. No other process is started: a few tries lock a token."""
