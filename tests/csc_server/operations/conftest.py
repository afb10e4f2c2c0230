"""The small PKI of the tests of status."""

from __future__ import annotations

import pytest

from tests.pki import golden
from tests.pki.golden import Golden


@pytest.fixture(scope="session")
def pki() -> Golden:
    """Made once for a run."""
    return golden.golden()
