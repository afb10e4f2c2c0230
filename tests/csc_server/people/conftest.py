"""A town over an empty SQLite store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.contracts import stores
from tests.csc_server.people import world
from tests.csc_server.people.world import Town


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    """Nobody lives there yet."""
    url = await stores.empty_url("sqlite", tmp_path)
    async with stores.opened(url, tmp_path) as store:
        yield world.build(store)
