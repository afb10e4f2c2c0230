"""Approval out of band: a client asks, the person answers on our page, the client comes back.

(CSC v2 11.6, 11.7; ADR 9)
"""

from __future__ import annotations

from dataclasses import dataclass

from csc_server.operations.approvals.answer import (
    ApproveWaiting,
    ListWaiting,
    RefuseWaiting,
    ViewWaiting,
)
from csc_server.operations.approvals.ask import ApprovalOffered, AskForApproval
from csc_server.operations.approvals.collect import CollectApproved
from csc_server.operations.approvals.expire import ExpireApprovals
from csc_server.operations.authorize import Authorize
from csc_server.operations.people.letters import Letters
from csc_server.ports import Credentials
from csc_server.ports.approvals import Approvals
from csc_server.ports.oauth import Clients
from csc_server.ports.people import People

__all__ = ["ApprovalVerbs", "build"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalVerbs:
    """Every verb of approval out of band."""

    offered: ApprovalOffered
    ask: AskForApproval
    collect: CollectApproved
    waiting: ListWaiting
    view: ViewWaiting
    approve: ApproveWaiting
    refuse: RefuseWaiting
    expire: ExpireApprovals


def build(
    *,
    approvals: Approvals,
    authorize: Authorize,
    clients: Clients,
    credentials: Credentials,
    people: People,
    letters: Letters,
) -> ApprovalVerbs:
    """The verbs.

    Args:
        authorize: Knows the facts, checks the factors and mints the SAD, as for
            ``credentials/authorize``.
    """
    clock, entropy = authorize.clock, authorize.entropy
    view = ViewWaiting(approvals, clients, credentials, clock)
    return ApprovalVerbs(
        offered=ApprovalOffered(people),
        ask=AskForApproval(
            approvals=approvals,
            authorizations=authorize.authorizations,
            people=people,
            letters=letters,
            clock=clock,
            entropy=entropy,
        ),
        collect=CollectApproved(
            approvals=approvals,
            authorizations=authorize.authorizations,
            clock=clock,
            entropy=entropy,
        ),
        waiting=ListWaiting(approvals, clients, clock),
        view=view,
        approve=ApproveWaiting(approvals, authorize, clock),
        refuse=RefuseWaiting(approvals, clock),
        expire=ExpireApprovals(approvals, clock),
    )
