"""The verbs of the authorization server that pages call, gathered for ``web.services``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from csc_server.operations.oauth.views import Application
from csc_server.ports import Call
from policies.values import AccountId, ClientId

if TYPE_CHECKING:
    from csc_server.operations.oauth.approve import (
        AllowAuthorization,
        ApproveSignatures,
        PeekAuthorization,
        RefuseAuthorization,
        ViewAuthorization,
    )


class ListApplications(Protocol):
    """The programs that an account lets in."""

    async def __call__(self, account_id: AccountId) -> list[Application]:
        """The newest first."""


class WithdrawApplication(Protocol):
    """The person takes a consent back."""

    async def __call__(self, call: Call, account_id: AccountId, client_id: ClientId) -> None:
        """Afterwards the program's grants, tokens and SADs are dead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationVerbs:
    """What consent, approval and the list of programs need."""

    peek: PeekAuthorization
    view: ViewAuthorization
    allow: AllowAuthorization
    approve: ApproveSignatures
    refuse: RefuseAuthorization
    applications: ListApplications
    withdraw: WithdrawApplication
