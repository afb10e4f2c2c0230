"""How long results are kept, and what polls are told, the instant before and after."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from policies import errors, jobs
from policies.jobs import Job, JobState, SigningResult
from tests.build import ALICE, ALICE_ELSEWHERE, MALLORY, SECOND, T0

RESULT = SigningResult(signatures=(b"s",))
ACCEPTED = Job(
    account_id=ALICE.account_id,
    client_id=ALICE.client_id,
    state=JobState.ACCEPTED,
    finish_by=T0 + 2 * SECOND,
    kept_until=T0 + 10 * SECOND,
    result=None,
)
DONE = replace(ACCEPTED, state=JobState.DONE, result=RESULT)


@pytest.mark.parametrize(
    ("wish", "kept"),
    [
        (None, timedelta(hours=1)),
        (10_000, timedelta(seconds=10)),
        (86_400_000, timedelta(hours=24)),
    ],
)
def test_validity(wish: int | None, kept: timedelta) -> None:
    """An hour by default, else what the client says within bounds."""
    assert jobs.kept_until(wish, T0) == T0 + kept


@pytest.mark.parametrize("wish", [9_999, 0, -1, 86_400_001, 10**30, -(10**30)])
def test_validity_out_of_bounds(wish: int) -> None:
    """Shorter than a poll, longer than a day, and what no clock can hold."""
    with pytest.raises(errors.ValidityOutOfBounds):
        jobs.kept_until(wish, T0)


@pytest.mark.parametrize("after", [0, 2, 9])
def test_a_result_is_there_until_its_end(after: int) -> None:
    """Also when it was made in the last moment."""
    assert jobs.outcome(DONE, ALICE, T0 + after * SECOND) == RESULT


@pytest.mark.parametrize("job", [DONE, ACCEPTED, replace(ACCEPTED, state=JobState.FAILED), None])
def test_unknown_over_and_foreign_are_one(job: Job | None) -> None:
    """No such job, after its end, another account, another client of the same account."""
    for principal, after in ((ALICE, 10), (MALLORY, 0), (ALICE_ELSEWHERE, 0)):
        with pytest.raises(errors.ResponseUnknown):
            jobs.outcome(job, principal, T0 + after * SECOND)
    with pytest.raises(errors.ResponseUnknown):
        jobs.outcome(None, ALICE, T0)


def test_pending_and_then_failed_for_good() -> None:
    """Work whose process died is called failed from the end of its time on."""
    with pytest.raises(errors.ResponsePending):
        jobs.outcome(ACCEPTED, ALICE, T0 + 2 * SECOND - timedelta(microseconds=1))
    for job in (ACCEPTED, replace(ACCEPTED, state=JobState.FAILED)):
        with pytest.raises(errors.ResponseFailed):
            jobs.outcome(job, ALICE, T0 + 2 * SECOND)
    with pytest.raises(errors.ResponseFailed):
        jobs.outcome(replace(ACCEPTED, state=JobState.FAILED), ALICE, T0)
