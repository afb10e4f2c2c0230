"""What all tests share: how long property tests may take, rounds of the campaign, workers."""

from __future__ import annotations

import gc
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# A busy machine is no failure: no deadlines, no complaints about slow generation.
settings.register_profile(
    "paraph", deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=100
)
settings.load_profile("paraph")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--rounds N`: how long the crash, race and fault runs are."""
    parser.addoption("--rounds", type=int, default=5, help="rounds of each campaign run")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """See ``tests.workers``."""
    from tests import workers

    items.sort(key=lambda item: workers.longest_first(item.nodeid))


def pytest_collection_finish() -> None:
    """Thousands of tests live to the end: the garbage collector need not visit them each time."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """With ``-n``, see ``tests.workers``."""
    from tests import workers

    return workers.WholeFiles(config, log)


@pytest.fixture(scope="session")
def rounds(request: pytest.FixtureRequest) -> int:
    """Rounds of each campaign run: few in `make test`, 200 in `make campaign`."""
    return int(request.config.getoption("--rounds"))
