"""Where checks are declared and found.

``@check`` sits above one small function; importing ``conformance.checks`` registers all. No check
runs here.
"""

from __future__ import annotations

import fnmatch
import importlib
import pkgutil
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING

from conformance.errors import BadProfile
from conformance.model import Check, Level, Version

if TYPE_CHECKING:
    from conformance.target import Target

type_of_check = Callable[["Target"], Awaitable[None]]
_checks: dict[str, Check] = {}


def check(
    name: str,
    level: Level,
    *,
    group: str,
    expects: str,
    mend: str,
    v1: str = "",
    v2: str = "",
    v20: str = "",
    v21: str = "",
    methods: tuple[str, ...] = (),
) -> Callable[[type_of_check], type_of_check]:
    """Register the function below as the check ``name``.

    Args:
        v1: Clause of v1.0.4.0; empty: not checked there. ``v2`` is both of v2.0.0.2 and v2.1.0.1,
            ``v20`` and ``v21`` one alone.
        methods: What has to be announced in ``info.methods``.
    """
    clauses = {Version.V1: v1, Version.V20: v20 or v2, Version.V21: v21 or v2}
    clauses = {version: clause for version, clause in clauses.items() if clause}
    if not clauses:
        raise ValueError(f"{name} has no clause")
    if name in _checks:
        raise ValueError(f"{name} stands twice")

    def register(function: type_of_check) -> type_of_check:
        _checks[name] = Check(name, group, clauses, level, expects, mend, methods, function)
        return function

    return register


def every() -> tuple[Check, ...]:
    """All checks, in the order in which the files of ``conformance.checks`` declare them."""
    import conformance.checks as package

    for module in sorted(found.name for found in pkgutil.iter_modules(package.__path__)):
        importlib.import_module(f"{package.__name__}.{module}")
    return tuple(_checks.values())


def chosen(patterns: Iterable[str]) -> tuple[Check, ...]:
    """The checks whose id matches one of the shell patterns; all without patterns.

    Raises:
        BadProfile: A pattern matches nothing.
    """
    checks = every()
    wanted = tuple(patterns)
    for pattern in wanted:
        if not any(fnmatch.fnmatchcase(one.id, pattern) for one in checks):
            raise BadProfile(f"no check is called {pattern}; --list shows them")
    if not wanted:
        return checks
    return tuple(
        one for one in checks if any(fnmatch.fnmatchcase(one.id, pattern) for pattern in wanted)
    )
