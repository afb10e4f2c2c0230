"""The small PKI that CRLs, OCSP answers and time-stamps of these tests come from."""

from __future__ import annotations

import pytest

from tests.pki import golden
from tests.pki.golden import Golden


@pytest.fixture(scope="session")
def pki() -> Golden:
    """Made once for a run."""
    return golden.golden()
