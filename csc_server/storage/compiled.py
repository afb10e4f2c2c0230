"""Statements of the SQL toolkit turned into text, once per statement and dialect.

The toolkit is where statements are written; running them through it costs ten times the
statement itself. Statements are module constants, so the cache is bounded by the source code.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect

Statement = sa.Select[Any] | sa.Insert | sa.Update | sa.Delete


class Compiler:
    """Text and fixed parameters of statements, for one dialect."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._known: dict[Statement, tuple[str, tuple[str, ...], dict[str, Any]]] = {}

    def __call__(self, statement: Statement) -> tuple[str, tuple[str, ...], dict[str, Any]]:
        """Text, names of its parameters in order of place, values that the statement carries."""
        known = self._known.get(statement)
        if known is None:
            known = self._known[statement] = self._compile(statement)
        return known

    def _compile(self, statement: Statement) -> tuple[str, tuple[str, ...], dict[str, Any]]:
        compiled = statement.compile(dialect=self._dialect)
        fixed = {name: value for name, value in compiled.params.items() if value is not None}
        names: tuple[str, ...] = tuple(getattr(compiled, "positiontup", None) or fixed)
        return str(compiled), names, fixed


def merged(fixed: Mapping[str, Any], parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    """The statement's own values and the caller's."""
    return {**fixed, **parameters} if fixed else parameters
