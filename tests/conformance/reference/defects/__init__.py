"""The defects that the reference server can be told to have, one file an area.

A defect is either a switch in the server's code (``server.wrong("sign-hash-order")``) or a change
of what it answers (``method`` and ``change``). Nothing is wrong without being listed here.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from conformance.model import Version
from tests.conformance.reference.replies import Reply

V1: Final = (Version.V1,)
V20: Final = (Version.V20,)
V21: Final = (Version.V21,)
V2: Final = (Version.V20, Version.V21)
ALL: Final = (Version.V1, Version.V20, Version.V21)


@dataclass(frozen=True, slots=True)
class Defect:
    """One way to be wrong, and who has to notice."""

    id: str
    checks: tuple[str, ...]
    """Exactly these checks fail or warn."""
    versions: tuple[Version, ...]
    """Where it shows."""
    what: str
    """One sentence: what the server does."""
    method: str = ""
    """With ``change``: the method whose answers are changed."""
    change: Callable[[Reply], Reply] | None = None
    """Applied to every answer of ``method``, refusals too."""


@functools.cache
def every() -> Mapping[str, Defect]:
    """All defects by id."""
    found: dict[str, Defect] = {}
    for module in pkgutil.iter_modules(__path__):
        for defect in importlib.import_module(f"{__name__}.{module.name}").DEFECTS:
            if defect.id in found:
                raise ValueError(f"the defect {defect.id} stands twice")
            found[defect.id] = defect
    return found
