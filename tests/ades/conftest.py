"""The office whose people sign, and the gate that judges."""

from __future__ import annotations

import pytest

from tests.ades.gate import Gate
from tests.ades.keys import InProcess
from tests.ades.office import Office
from tests.pki.golden import golden


@pytest.fixture
def office() -> Office:
    """Keys in this process, certificates of the golden PKI."""
    return Office(_KEYS, golden())


@pytest.fixture
def gate() -> Gate:
    """Trusts the golden PKI's root."""
    return Gate(golden())


_KEYS = InProcess()
