"""States of a SAD, of an authorised hash occurrence and of an approval, as literal tables.

The only place that says which change of state is allowed. Stores turn a row of these tables
into a conditional UPDATE; ``docs/signing-cycle.md`` shows the same tables as diagrams.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class OccurrenceState(StrEnum):
    """One authorised hash."""

    AUTHORIZED = "authorized"
    RESERVED = "reserved"
    CONSUMED = "consumed"
    BURNED = "burned"
    EXPIRED = "expired"


class OccurrenceEvent(StrEnum):
    """What can happen to an occurrence."""

    RESERVE = "reserve"
    COMPLETE = "complete"
    RELEASE = "release"
    """The HSM definitely refused: no signature was made."""
    EXPIRE = "expire"


class SadState(StrEnum):
    """One SAD."""

    ISSUED = "issued"
    CONSUMING = "consuming"
    """A signHash is under way, or died under way."""
    USED = "used"
    """Signed once, hashes remain: good only for extendTransaction (CSC v1 11.7)."""
    SPENT = "spent"
    EXCHANGED = "exchanged"
    EXPIRED = "expired"
    REVOKED = "revoked"


class SadEvent(StrEnum):
    """What can happen to a SAD."""

    RESERVE = "reserve"
    COMPLETE_LAST = "complete_last"
    COMPLETE_SOME = "complete_some"
    RELEASE = "release"
    EXTEND = "extend"
    EXPIRE = "expire"
    REVOKE = "revoke"


class ApprovalState(StrEnum):
    """One request for approval out of band (CSC v2 11.6, 11.7)."""

    PENDING = "pending"
    """In front of the person."""
    APPROVED = "approved"
    """The SAD is minted and waits for the client."""
    COLLECTED = "collected"
    REFUSED = "refused"
    EXPIRED = "expired"


class ApprovalEvent(StrEnum):
    """What can happen to it."""

    APPROVE = "approve"
    REFUSE = "refuse"
    COLLECT = "collect"
    EXPIRE = "expire"


OCCURRENCE: Final[dict[OccurrenceEvent, dict[OccurrenceState, OccurrenceState]]] = {
    OccurrenceEvent.RESERVE: {OccurrenceState.AUTHORIZED: OccurrenceState.RESERVED},
    OccurrenceEvent.COMPLETE: {OccurrenceState.RESERVED: OccurrenceState.CONSUMED},
    OccurrenceEvent.RELEASE: {OccurrenceState.RESERVED: OccurrenceState.AUTHORIZED},
    # A reservation that nobody completed may stand for a signature that exists: it is burned,
    # never given back.
    OccurrenceEvent.EXPIRE: {
        OccurrenceState.AUTHORIZED: OccurrenceState.EXPIRED,
        OccurrenceState.RESERVED: OccurrenceState.BURNED,
    },
}

SAD: Final[dict[SadEvent, dict[SadState, SadState]]] = {
    SadEvent.RESERVE: {SadState.ISSUED: SadState.CONSUMING},
    SadEvent.COMPLETE_LAST: {SadState.CONSUMING: SadState.SPENT},
    SadEvent.COMPLETE_SOME: {SadState.CONSUMING: SadState.USED},
    SadEvent.RELEASE: {SadState.CONSUMING: SadState.ISSUED},
    SadEvent.EXTEND: {
        SadState.ISSUED: SadState.EXCHANGED,
        SadState.USED: SadState.EXCHANGED,
    },
    SadEvent.EXPIRE: {
        SadState.ISSUED: SadState.EXPIRED,
        SadState.CONSUMING: SadState.EXPIRED,
        SadState.USED: SadState.EXPIRED,
    },
    SadEvent.REVOKE: {
        SadState.ISSUED: SadState.REVOKED,
        SadState.CONSUMING: SadState.REVOKED,
        SadState.USED: SadState.REVOKED,
    },
}

APPROVAL: Final[dict[ApprovalEvent, dict[ApprovalState, ApprovalState]]] = {
    ApprovalEvent.APPROVE: {ApprovalState.PENDING: ApprovalState.APPROVED},
    ApprovalEvent.REFUSE: {ApprovalState.PENDING: ApprovalState.REFUSED},
    ApprovalEvent.COLLECT: {ApprovalState.APPROVED: ApprovalState.COLLECTED},
    # Nobody answered in time, or the client did not come for its SAD while it was good.
    ApprovalEvent.EXPIRE: {
        ApprovalState.PENDING: ApprovalState.EXPIRED,
        ApprovalState.APPROVED: ApprovalState.EXPIRED,
    },
}
