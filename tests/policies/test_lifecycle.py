"""The tables of states: nothing comes back from its end, nothing is signed twice."""

from __future__ import annotations

import pytest

from policies import lifecycle
from policies.lifecycle import (
    ApprovalEvent,
    ApprovalState,
    OccurrenceEvent,
    OccurrenceState,
    SadEvent,
    SadState,
)

OCCURRENCE_ENDS = {OccurrenceState.CONSUMED, OccurrenceState.BURNED, OccurrenceState.EXPIRED}
SAD_ENDS = {SadState.SPENT, SadState.EXCHANGED, SadState.EXPIRED, SadState.REVOKED}

APPROVAL_ENDS = {ApprovalState.COLLECTED, ApprovalState.REFUSED, ApprovalState.EXPIRED}


def test_every_event_has_a_row() -> None:
    """An event without a row would be refused for ever, unnoticed."""
    assert set(lifecycle.OCCURRENCE) == set(OccurrenceEvent)
    assert set(lifecycle.SAD) == set(SadEvent)
    assert set(lifecycle.APPROVAL) == set(ApprovalEvent)


@pytest.mark.parametrize("event", OccurrenceEvent)
def test_an_occurrence_never_leaves_its_end(event: OccurrenceEvent) -> None:
    """Consumed, burned and expired are final."""
    assert not OCCURRENCE_ENDS & set(lifecycle.OCCURRENCE[event])


@pytest.mark.parametrize("event", SadEvent)
def test_a_sad_never_leaves_its_end(event: SadEvent) -> None:
    """Spent, exchanged, expired and revoked are final."""
    assert not SAD_ENDS & set(lifecycle.SAD[event])


@pytest.mark.parametrize("event", ApprovalEvent)
def test_an_approval_never_leaves_its_end(event: ApprovalEvent) -> None:
    """Collected, refused and expired are final."""
    assert not APPROVAL_ENDS & set(lifecycle.APPROVAL[event])


def test_only_what_was_approved_is_collected() -> None:
    """And only what waits can be approved."""
    assert set(lifecycle.APPROVAL[ApprovalEvent.COLLECT]) == {ApprovalState.APPROVED}
    assert set(lifecycle.APPROVAL[ApprovalEvent.APPROVE]) == {ApprovalState.PENDING}


def test_only_a_definite_refusal_gives_a_reserved_hash_back() -> None:
    """From reserved, one event alone leads back to authorized."""
    back = [
        event
        for event, moves in lifecycle.OCCURRENCE.items()
        if moves.get(OccurrenceState.RESERVED) is OccurrenceState.AUTHORIZED
    ]
    assert back == [OccurrenceEvent.RELEASE]


def test_a_reservation_nobody_completed_is_burned() -> None:
    """It may stand for a signature that exists, so it is never authorized again."""
    moves = lifecycle.OCCURRENCE[OccurrenceEvent.EXPIRE]
    assert moves[OccurrenceState.RESERVED] is OccurrenceState.BURNED


def test_a_used_sad_is_good_only_for_exchange() -> None:
    """After a signHash the client must extend the transaction (CSC v1 11.7)."""
    leaving = {event for event, moves in lifecycle.SAD.items() if SadState.USED in moves}
    assert leaving == {SadEvent.EXTEND, SadEvent.EXPIRE, SadEvent.REVOKE}
