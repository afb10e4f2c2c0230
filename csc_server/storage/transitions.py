"""Rows of the lifecycle tables as conditional UPDATEs.

``policies.lifecycle`` says which state follows which; here each row of its tables becomes a
statement that changes a row only when it is in a state the table names. Nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import sqlalchemy as sa

from csc_server.storage.api_tables import credit_entries
from csc_server.storage.tables import authorizations, constant, occurrences, one_of
from policies.lifecycle import OCCURRENCE, SAD, OccurrenceEvent, SadEvent

_OF_ROOT: Final = occurrences.c.root_id == sa.bindparam("root")
_OF_OPERATION: Final = occurrences.c.operation_id == sa.bindparam("operation")
_FREE: Final = one_of(occurrences.c.state, OCCURRENCE[OccurrenceEvent.RESERVE])
_SAD: Final = authorizations.c.sad_id == sa.bindparam("sad")
_SAD_OF_OPERATION: Final = authorizations.c.operation_id == sa.bindparam("operation")
_IN_TIME: Final = authorizations.c.expires_at > sa.bindparam("now")


def move(table: sa.Table, moves: Mapping[Any, Any], *where: sa.ColumnElement[bool]) -> sa.Update:
    """The UPDATE of these moves, for rows of ``where`` that are in a state to move from."""
    state = table.c.state
    arms = [(state == constant(old), constant(new)) for old, new in moves.items()]
    target = arms[0][1] if len(set(moves.values())) == 1 else sa.case(*arms)
    return table.update().where(*where, one_of(state, moves)).values(state=target)


RESERVE: Final = move(
    occurrences,
    OCCURRENCE[OccurrenceEvent.RESERVE],
    _OF_ROOT,
    occurrences.c.ordinal == sa.bindparam("number"),
).values(operation_id=sa.bindparam("operation"), reserved_at=sa.bindparam("now"))
_OWNER: Final = sa.select(authorizations.c.account_id).where(_SAD).scalar_subquery()
_METERED: Final = (
    sa.select(credit_entries.c.account_id)
    .where(credit_entries.c.account_id == _OWNER)
    .limit(1)
    .scalar_subquery()
)
RESERVED: Final = sa.select(sa.func.count(), _METERED).where(
    _OF_ROOT,
    _OF_OPERATION,
    one_of(occurrences.c.state, OCCURRENCE[OccurrenceEvent.RESERVE].values()),
)
"""How many occurrences an operation holds; and the SAD's account, if it has credits to count
(``ledger``): asked here, where it costs no statement of its own."""
COMPLETE: Final = move(occurrences, OCCURRENCE[OccurrenceEvent.COMPLETE], _OF_ROOT, _OF_OPERATION)
RELEASE: Final = move(
    occurrences, OCCURRENCE[OccurrenceEvent.RELEASE], _OF_ROOT, _OF_OPERATION
).values(operation_id=sa.null(), reserved_at=sa.null())
EXPIRE: Final = move(occurrences, OCCURRENCE[OccurrenceEvent.EXPIRE], _OF_ROOT)
FREE: Final = sa.select(occurrences.c.ordinal).where(_OF_ROOT, _FREE)
"""Ordinals of a root that nobody claimed."""

RESERVE_SAD: Final = move(authorizations, SAD[SadEvent.RESERVE], _SAD, _IN_TIME).values(
    operation_id=sa.bindparam("operation")
)
COMPLETE_LAST: Final = move(
    authorizations,
    SAD[SadEvent.COMPLETE_LAST],
    _SAD,
    _SAD_OF_OPERATION,
    ~sa.exists().where(_OF_ROOT, _FREE),
)
"""Changes nothing while an occurrence of the root is free."""
COMPLETE_SOME: Final = move(authorizations, SAD[SadEvent.COMPLETE_SOME], _SAD, _SAD_OF_OPERATION)
RELEASE_SAD: Final = move(authorizations, SAD[SadEvent.RELEASE], _SAD, _SAD_OF_OPERATION).values(
    operation_id=sa.null()
)
EXTEND_SAD: Final = move(authorizations, SAD[SadEvent.EXTEND], _SAD, _IN_TIME)
EXPIRE_SAD: Final = move(authorizations, SAD[SadEvent.EXPIRE], _SAD)
REVOKE_SAD: Final = move(authorizations, SAD[SadEvent.REVOKE], _SAD)
