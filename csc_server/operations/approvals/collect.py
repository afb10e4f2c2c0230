"""credentials/authorizeCheck: has the person answered? (CSC v2 11.7)"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from csc_server.operations.authorize import IssuedSad
from csc_server.operations.records import event
from csc_server.ports import Authorizations, Call, Clock, Entropy
from csc_server.ports.approvals import Approvals
from policies import approvals, authorize
from policies.approvals import Approval
from policies.audit import EventType
from policies.secret import ApprovalHandle, Sad
from policies.values import Principal


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectApproved:
    """credentials/authorizeCheck."""

    approvals: Approvals
    authorizations: Authorizations
    clock: Clock
    entropy: Entropy

    async def __call__(
        self, call: Call, principal: Principal, handle: ApprovalHandle
    ) -> IssuedSad | None:
        """The SAD, given out here and never again; ``None`` while the person has not answered.

        Raises:
            HandleUnknown, ApprovalRefused: See ``policies.approvals.collectable``.
            PinLocked, OtpLocked: It waits, but the person cannot answer.
        """
        now = self.clock.now()
        found = await self.approvals.by_handle(handle)
        ready = approvals.collectable(found, principal, now)
        if ready is None:
            assert found is not None  # noqa: S101 - the rule has seen it
            await self._answerable(found, now)
            return None
        sad = Sad(self.entropy.token())
        record = event(
            EventType.APPROVAL_COLLECTED,
            principal.account_id,
            call,
            now,
            approval_id=ready.approval_id,
            sad_id=str(ready.sad_id),
            client_id=principal.client_id,
        )
        await self.approvals.collect(ready, sad, now, [record])
        return IssuedSad(sad, max(int((ready.expires_at - now).total_seconds()), 1))

    async def _answerable(self, found: Approval, now: datetime) -> None:
        """Return unless wrong PINs or codes have locked what the person would need (CHECK-4)."""
        facts = await self.authorizations.authorize_facts(found.credential_id)
        if facts.credential is not None:
            authorize.unlocked(facts, facts.credential, now)
