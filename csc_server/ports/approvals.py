"""Approvals out of band: what waits for a person, and what came of it.

As in ``csc_server.ports``: each change is one durable transaction with its audit events, and what
may happen once is claimed by a conditional change. The handle comes in, its digest is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from csc_server.ports import NewAuthorization
from csc_server.ports.messages import NewMessage
from policies.approvals import Approval
from policies.audit import Event
from policies.secret import ApprovalHandle, Sad
from policies.values import AccountId, ApprovalId


class Approvals(Protocol):
    """Requests for approval, from the first sight to the answer.

    A request dies with the grant under which it was made: then nobody finds it any more.
    """

    async def ask(
        self, new: Approval, handle: ApprovalHandle, mail: NewMessage, events: Sequence[Event]
    ) -> None:
        """Afterwards the request waits for the person, who is told by mail.

        Raises:
            ApprovalsTooMany: See ``policies.approvals.admit``; judged inside the transaction.
        """

    async def find(self, approval_id: ApprovalId) -> Approval | None:
        """The request with this identifier."""

    async def by_handle(self, handle: ApprovalHandle) -> Approval | None:
        """The request with this handle."""

    async def waiting(self, account_id: AccountId, now: datetime) -> list[Approval]:
        """What waits for an account, the oldest first."""

    async def approve(
        self,
        approval_id: ApprovalId,
        new: NewAuthorization,
        now: datetime,
        events: Sequence[Event],
    ) -> None:
        """The person approved: ``Authorizations.issue`` and the answer, in one transaction.

        Raises:
            AuthorizationRequestGone: It was answered, is over, or its grant has ended.
            PinLocked, OtpLocked, OtpReplayed: See ``Authorizations.issue``.
        """

    async def refuse(self, approval_id: ApprovalId, now: datetime, events: Sequence[Event]) -> None:
        """The person said no.

        Raises:
            AuthorizationRequestGone: It was answered, or is over.
        """

    async def collect(
        self, approval: Approval, sad: Sad, now: datetime, events: Sequence[Event]
    ) -> None:
        """Afterwards the approved SAD has this handle, and the request is used up.

        Raises:
            HandleUnknown: It was collected before, or the SAD is over or revoked.
        """

    async def expire(self, now: datetime, limit: int) -> int:
        """Expire requests whose time is over, at most so many; how many. On record.

        Also forgets those that ended ``policies.approvals.KEPT`` ago.
        """
