"""The table of clauses names tests that exist."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROWS = [
    row.split("|")[1:3]
    for row in (HERE / "README.md").read_text("utf-8").splitlines()
    if row.startswith("| ") and not row.startswith("| clause")
]
NAMED = re.compile(r"`([\w./]+)::(\w+)`")


@cache
def functions_of(path: Path) -> frozenset[str]:
    """The test functions of a file."""
    tree = ast.parse(path.read_text("utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(one.name for one in tree.body if isinstance(one, kinds))


@pytest.mark.parametrize(("clause", "tests"), ROWS, ids=[clause.strip() for clause, _ in ROWS])
def test_a_clause_has_tests_that_exist(clause: str, tests: str) -> None:
    """At least one, each by its file and name, and nothing else in the cell."""
    named = NAMED.findall(tests)
    assert named
    assert not NAMED.sub("", tests).strip(" ,")
    for file, name in named:
        assert name in functions_of((HERE / file).resolve()), (file, name)


def test_every_file_of_clauses_is_in_the_table() -> None:
    """A new file of tests that is named after a standard gets its rows."""
    named = {file for _, tests in ROWS for file, _ in NAMED.findall(tests)}
    files = {path.name for path in HERE.glob("test_*.py")}
    assert {one for one in files if re.match(r"test_(rfc|fapi|asvs)", one)} <= named


def test_the_table_is_as_long_as_it_has_to_be() -> None:
    """120 tests of clauses or more."""
    assert len({one for _, tests in ROWS for one in NAMED.findall(tests)}) >= 120
