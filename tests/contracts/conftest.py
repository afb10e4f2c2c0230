"""Each contract is kept by both engines: `storage` is opened once on each."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from csc_server.storage import Storage
from tests.contracts import stores

ENGINES = ["sqlite", "postgresql"]


@pytest.fixture(params=ENGINES)
async def url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """An empty, migrated database."""
    made = await stores.empty_url(request.param, tmp_path)
    yield made
    stores.give_back(made)


@pytest.fixture
async def storage(url: str, tmp_path: Path) -> AsyncIterator[Storage]:
    """A store in which Alice has a credential."""
    async with stores.opened(url, tmp_path) as store:
        await stores.populate(store)
        yield store


@pytest.fixture
async def other(storage: Storage, url: str, tmp_path: Path) -> AsyncIterator[Storage]:
    """The same database, as another web process has it."""
    directory = tmp_path / "other"
    await asyncio.to_thread(directory.mkdir)
    async with stores.opened(url, directory, node="other") as store:
        yield store
