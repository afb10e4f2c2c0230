"""Wrong codes and PINs that this signer process has seen lately: the last brake on guessing.

Counting failures is the store's part (``policies.throttle``), but a web process that was taken
over would not count. So the signer process refuses a factor of which it saw too many wrong
guesses, whatever its caller says. Memory of one process, lost with it.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from datetime import datetime
from typing import Final

from hsm import errors
from policies import throttle

MOST_SUBJECTS: Final = 100_000
"""Subjects remembered; the one guessed at longest ago is forgotten first."""


class Guesses:
    """Instants of wrong guesses per subject."""

    def __init__(self, most_subjects: int = MOST_SUBJECTS) -> None:
        self._most_subjects = most_subjects
        self._wrong: OrderedDict[str, deque[datetime]] = OrderedDict()

    def admit(self, subject: str, now: datetime) -> None:
        """Return while the subject may be tried.

        Raises:
            Rejected: ``throttle.DEVICE_GUESSES`` wrong ones within ``throttle.DEVICE_WINDOW``.
        """
        wrong = self._wrong.get(subject)
        if wrong is None:
            return
        while wrong and now - wrong[0] >= throttle.DEVICE_WINDOW:
            wrong.popleft()
        if len(wrong) >= throttle.DEVICE_GUESSES:
            raise errors.Rejected(f"{len(wrong)} wrong guesses of {subject}")

    def wrong(self, subject: str, now: datetime) -> None:
        """Count one."""
        self._wrong.setdefault(subject, deque(maxlen=throttle.DEVICE_GUESSES)).append(now)
        self._wrong.move_to_end(subject)
        if len(self._wrong) > self._most_subjects:
            self._wrong.popitem(last=False)
