"""The databases of these tests themselves."""

from __future__ import annotations

from pathlib import Path

from tests import postgres
from tests.contracts import stores


async def test_a_database_that_was_given_back_is_as_new(tmp_path: Path) -> None:
    """No test finds what another has left, nor anybody who is still connected."""
    server = postgres.shared()
    url = await stores.empty_url("postgresql", tmp_path)
    database = url.rpartition("/")[2]
    new = server.rows(database)
    async with stores.opened(url, tmp_path) as store:
        await stores.populate(store)
        assert server.rows(database) != new
        stores.give_back(url)
        assert await stores.empty_url("postgresql", tmp_path) == url
        connected = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        assert server.execute(connected, database) == "1"
    assert server.rows(database) == new
    stores.give_back(url)
