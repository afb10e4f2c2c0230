"""A work without a child: for what is small and reads nothing of a document.

The same work, the same results and the same exceptions as at the desk; without its limits, so
the caller knows that it needs none. A fork costs some milliseconds of processor time.
"""

from __future__ import annotations

from typing import TypeVar

from ades.desk import errors
from ades.desk.works import Work
from policies.errors import Refused

T = TypeVar("T")


def perform(work: Work[T]) -> T:
    """The result of ``work``, done here and now.

    Raises:
        Refused: And whatever else it ``raises``.
        DiskFull, Oversized, Crashed: As from a child.
    """
    named: tuple[type[Exception], ...] = (Refused, *work.raises)
    try:
        return work.perform()
    except named:
        raise
    except OSError as error:
        kind = errors.OF_FILES.get(error.errno or 0, errors.Crashed)
        raise kind(type(work).__name__) from error
