"""What all tests share: how long property tests may take, and the rounds of the campaign."""

from __future__ import annotations

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


@pytest.fixture(scope="session")
def rounds(request: pytest.FixtureRequest) -> int:
    """Rounds of each campaign run: few in `make test`, 200 in `make campaign`."""
    return int(request.config.getoption("--rounds"))
