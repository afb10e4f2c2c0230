"""The reference server without a defect: the suite finds nothing wrong with it."""

from __future__ import annotations

import pytest

from conformance.model import Verdict, Version
from tests.conformance import measured

ALONE = [("CRED-EC",), ("CRED-OAUTH",), ("CRED-SMS",), ("CRED-PUSH",)]


@pytest.mark.parametrize("version", Version, ids=lambda version: version.name)
@pytest.mark.parametrize("credentials", [measured.CREDENTIALS, *ALONE], ids="+".join)
async def test_no_false_alarm(version: Version, credentials: tuple[str, ...]) -> None:
    """No check fails, warns, or has a fault of its own, whichever credentials there are."""
    run = await measured.run(version, credentials=credentials)
    assert measured.alarms(run) == {}
    faults = [
        (result.check.id, result.reasons)
        for result in run.results
        if result.verdict is Verdict.NOT_RUN and "fault of this suite" in str(result.reasons)
    ]
    assert faults == []
