"""Somebody hears of status that grows old: at half its life, at two thirds, and when it is over."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import structlog

from csc_server.operations.status.freshness import ANSWERS, LIST, Freshness
from policies import status
from policies.status import CRL_VALIDITY, OCSP_VALIDITY, Window
from tests.csc_server.operations.status_world import Clock
from tests.pki.golden import NOW

SECOND = timedelta(seconds=1)


@pytest.fixture
def clock() -> Clock:
    """In the test's hand."""
    return Clock()


@pytest.fixture
def windows() -> dict[str, Window | None]:
    """Of the oldest of each kind."""
    return {ANSWERS: status.ocsp_window(NOW), LIST: status.crl_window(NOW)}


@pytest.fixture
def freshness(clock: Clock, windows: dict[str, Window | None]) -> Freshness:
    """Watches both."""
    sources = {ANSWERS: lambda: windows[ANSWERS], LIST: lambda: windows[LIST]}
    return Freshness(sources=sources, clock=clock)


def logged(freshness: Freshness) -> list[tuple[str, str, str]]:
    """Level, event and kind of each line of one look."""
    with structlog.testing.capture_logs() as lines:
        freshness.look()
    return [(one["log_level"], one["event"], one["what"]) for one in lines]


@pytest.mark.parametrize(
    ("after", "lines", "stale"),
    [
        (0 * SECOND, [], False),
        (OCSP_VALIDITY / 2 - SECOND, [], False),
        (OCSP_VALIDITY / 2, [("warning", "status_is_late", ANSWERS)], False),
        (OCSP_VALIDITY * 2 / 3, [("error", "status_is_stale", ANSWERS)], True),
        (
            CRL_VALIDITY / 2,
            [("error", "status_is_stale", ANSWERS), ("warning", "status_is_late", LIST)],
            True,
        ),
    ],
)
def test_alarms(
    freshness: Freshness, clock: Clock, after: timedelta, lines: list[Any], stale: bool
) -> None:
    """Each is told once."""
    clock.time += after
    assert logged(freshness) == lines
    assert logged(freshness) == []
    assert freshness.stale is stale
    assert freshness.ages() == {ANSWERS: after, LIST: after}


def test_from_bad_to_worse_and_back(
    freshness: Freshness, clock: Clock, windows: dict[str, Window | None]
) -> None:
    """Every step is a line."""
    clock.time += OCSP_VALIDITY / 2
    assert [one[1] for one in logged(freshness)] == ["status_is_late"]
    clock.time += OCSP_VALIDITY / 6
    assert [one[1] for one in logged(freshness)] == ["status_is_stale"]
    windows[ANSWERS] = status.ocsp_window(clock.time)
    assert logged(freshness) == [("info", "status_is_young_again", ANSWERS)]


def test_what_is_not_there_yet_is_not_old(
    freshness: Freshness, windows: dict[str, Window | None]
) -> None:
    """A new instance."""
    windows.update({ANSWERS: None, LIST: None})
    assert logged(freshness) == []
    assert not freshness.stale
    assert freshness.ages() == {}
