"""The evidence of a verdict: the check's own requests, else those that it looked at."""

from __future__ import annotations

import pytest

from conformance.errors import NotRun, Violation
from conformance.model import Version
from conformance.recording import KEPT, note, recall, record, recording
from conformance.target import Once
from tests.conformance import measured
from tests.conformance.made_up import exchange


def test_own_exchanges_go_before_those_of_others() -> None:
    """What a check asked itself tells more than what it has looked at."""
    with recording() as recorder:
        recall([exchange("earlier")])
        assert [one.response_body for one in recorder.shown()] == ["earlier"]
        record(exchange("own"))
        assert [one.response_body for one in recorder.shown()] == ["own"]


def test_an_exchange_is_recalled_once_and_few_are_kept() -> None:
    """Looking twice is no second request; the last ones tell why."""
    with recording() as recorder:
        recall([exchange("1"), exchange("1")])
        recall([exchange("1")])
        assert len(recorder.shown()) == 1
        recall(exchange(str(number)) for number in range(10))
        assert len(recorder.shown()) == KEPT


async def test_what_is_made_once_is_evidence_for_all_who_use_it() -> None:
    """The first who asks and the second see the same exchange, and neither takes it for its own."""
    once = Once()

    async def make() -> str:
        record(exchange("made"))
        note("seen while making")
        return "made"

    for notes in (["seen while making"], []):
        with recording() as recorder:
            assert await once.get("it", make) == "made"
        assert not recorder.exchanges
        assert [one.response_body for one in recorder.shown()] == ["made"]
        assert recorder.notes == notes


async def test_what_cannot_be_made_leaves_its_evidence() -> None:
    """A fixture that failed shows the request that it failed with."""
    once = Once()

    async def make() -> str:
        record(exchange("refused"))
        raise Violation("refused")

    with recording() as recorder, pytest.raises(NotRun, match="it is not to be had: refused"):
        await once.get("it", make)
    assert [one.response_body for one in recorder.shown()] == ["refused"]


async def test_each_failure_has_a_request() -> None:
    """A check of `info` or of a listed credential shows the answer that it judged."""
    defects = ("info-name-missing", "credential-status-on")
    run = await measured.run(Version.V21, defects)
    alarms = [result for result in run.results if result.verdict in measured.ALARMS]
    assert len(alarms) >= 2
    assert all(result.exchanges for result in alarms)
