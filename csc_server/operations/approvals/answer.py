"""The page of approvals out of band: what waits, look at one, approve it, refuse it.

A request belongs to the account that it names, whichever browser its owner is signed in with, and
is answered once. What is shown is what the authorization server's page shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from csc_server.operations.authorize import Authorize
from csc_server.operations.oauth.views import Signatures
from csc_server.operations.records import event
from csc_server.ports import Call, Clock, Credentials, NewAuthorization
from csc_server.ports.approvals import Approvals
from csc_server.ports.oauth import Clients
from policies import approvals
from policies.approvals import Approval
from policies.audit import Event, EventType
from policies.oauth import answers
from policies.oauth.values import Document, SignatureWish
from policies.secret import Otp, Pin
from policies.values import AccountId, ApprovalId


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks, for how much, until when."""

    request_id: ApprovalId
    client_name: str
    """Empty for a program that logged in by ``auth/login``: nobody registered it."""
    client_host: str
    """Empty for that, and for a program on the person's own machine."""
    count: int
    """Signatures."""
    asked_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class ApprovalView:
    """One request in front of the signed-in person."""

    asking: Asking
    signatures: Signatures


@dataclass(frozen=True, slots=True)
class ListWaiting:
    """For the page ``/approvals`` and its row in Settings."""

    approvals: Approvals
    clients: Clients
    clock: Clock

    async def __call__(self, account_id: AccountId) -> list[Asking]:
        """What waits for the account, the oldest first."""
        found = await self.approvals.waiting(account_id, self.clock.now())
        return [await _asking(self.clients, one) for one in found]


@dataclass(frozen=True, slots=True)
class ViewWaiting:
    """Everything that the page of one request shows."""

    approvals: Approvals
    clients: Clients
    credentials: Credentials
    clock: Clock

    async def __call__(self, approval_id: ApprovalId, account_id: AccountId) -> ApprovalView:
        """The request, as its owner sees it.

        Raises:
            AuthorizationRequestGone: See ``policies.approvals.answerable``.
        """
        now = self.clock.now()
        found = approvals.answerable(await self.approvals.find(approval_id), account_id, now)
        # CSC gives hashes without names (v2 11.6).
        documents = tuple(Document(digest, None) for digest in found.hashes)
        wish = SignatureWish(
            credential_id=found.credential_id,
            signature_qualifier=None,
            documents=documents,
            hash_algorithm=found.hash_algorithm,
            description=found.description,
            details_type=None,
        )
        owned = await self.credentials.of_account(account_id)
        usable = answers.candidates(owned, wish, now)
        return ApprovalView(
            await _asking(self.clients, found),
            Signatures(documents, found.hash_algorithm, found.description, usable),
        )


@dataclass(frozen=True, slots=True)
class ApproveWaiting:
    """The person approves with PIN and code.

    The factor check and the SAD are those of ``credentials/authorize``, for the client that
    asked. The SAD is stored under a handle that nobody knows; ``authorizeCheck`` gives it one.
    """

    approvals: Approvals
    authorize: Authorize
    clock: Clock

    async def __call__(
        self,
        call: Call,
        approval_id: ApprovalId,
        account_id: AccountId,
        *,
        pin: Pin | None,
        otp: Otp | None,
    ) -> None:
        """Afterwards the client may collect the SAD.

        Raises:
            AuthorizationRequestGone: See ``policies.approvals.answerable``.
            Refused: As of ``credentials/authorize``. The request waits on after a wrong code.
            HsmError, StorageUnavailable: Nothing was approved.
        """
        now = self.clock.now()
        found = approvals.answerable(await self.approvals.find(approval_id), account_id, now)

        async def keep(new: NewAuthorization, at: datetime, events: Sequence[Event]) -> None:
            given = event(
                EventType.APPROVAL_GIVEN,
                account_id,
                call,
                at,
                approval_id=approval_id,
                sad_id=new.authorization.sad_id,
            )
            await self.approvals.approve(approval_id, new, at, [*events, given])

        wanted = approvals.wanted(found, pin, otp)
        await self.authorize.mint(call, found.principal, wanted, keep)


@dataclass(frozen=True, slots=True)
class RefuseWaiting:
    """The person says no."""

    approvals: Approvals
    clock: Clock

    async def __call__(self, call: Call, approval_id: ApprovalId, account_id: AccountId) -> None:
        """Afterwards the client is told so.

        Raises:
            AuthorizationRequestGone: See ``policies.approvals.answerable``.
        """
        now = self.clock.now()
        found = approvals.answerable(await self.approvals.find(approval_id), account_id, now)
        client_id = found.principal.client_id
        record = event(
            EventType.APPROVAL_REFUSED,
            account_id,
            call,
            now,
            approval_id=approval_id,
            client_id=client_id,
        )
        await self.approvals.refuse(approval_id, now, [record])


async def _asking(clients: Clients, found: Approval) -> Asking:
    client = await clients.find(found.principal.client_id)
    return Asking(
        request_id=found.approval_id,
        client_name=client.name if client else "",
        client_host=client.host if client else "",
        count=len(found.hashes),
        asked_at=found.asked_at,
        expires_at=found.expires_at,
    )
