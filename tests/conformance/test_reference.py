"""The reference server without a defect: the suite finds nothing wrong with it."""

from __future__ import annotations

import pytest

from conformance.model import Verdict, Version
from tests.conformance import measured


@pytest.mark.parametrize("version", Version, ids=lambda version: version.name)
async def test_no_false_alarm(version: Version) -> None:
    """No check fails, warns, or has a fault of its own."""
    run = await measured.run(version)
    assert measured.alarms(run) == {}
    faults = [
        (result.check.id, result.reasons)
        for result in run.results
        if result.verdict is Verdict.NOT_RUN and "fault of this suite" in str(result.reasons)
    ]
    assert faults == []
