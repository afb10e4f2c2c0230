"""What the command-line tests share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.csc_server.commands.cli import run


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new instance, made by `init`."""
    directory = tmp_path_factory.mktemp("cli") / "instance"
    assert run(directory, "init")[0] == 0
    return directory
