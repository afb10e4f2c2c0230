"""Reserve, sign, complete: the steps that every signature goes through, whatever is signed.

1. store: occurrences reserved and the intent on record, in one durable transaction
2. device: the permit is redeemed, the key is used, each signature verified
3. store: occurrences consumed and the end on record, in one durable transaction

A crash between 1 and 3 leaves the occurrences reserved: they are burned at the SAD's end, and the
signer authorises anew. At most once, never twice.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, TypeVar

from csc_server.operations.records import event
from csc_server.ports import Authorizations, Call, Clock, Entropy
from hsm import errors as hsm
from policies import errors
from policies.audit import Event, EventType, Outcome
from policies.pacing import Pace
from policies.sign import Permit
from policies.values import CredentialId, OperationId, Principal

T = TypeVar("T")


class Signing:
    """The way of one permit."""

    def __init__(
        self,
        *,
        authorizations: Authorizations,
        clock: Clock,
        entropy: Entropy,
        call: Call,
        principal: Principal,
        credential_id: CredentialId,
        permit: Permit[Any],
        now: datetime,
        pace: Pace | None,
    ) -> None:
        self._authorizations, self._clock = authorizations, clock
        self._call, self._principal, self._credential_id = call, principal, credential_id
        self._permit, self._now, self._pace = permit, now, pace
        self._operation_id = OperationId(entropy.identifier())

    async def run(self, sign: Callable[[], Awaitable[T]]) -> T:
        """All steps; what ``sign`` gives.

        Raises:
            ClientTooFast: The client signs too often; nothing was claimed.
            SadAlreadyUsed: Another request claimed the SAD or an occurrence first.
            Refused, Busy, Broken, KeyGone, Rejected: Nothing was signed; the SAD is as before.
            Ambiguous: A signature may exist; its occurrences stay reserved.
            StorageUnavailable: No signature leaves.
        """
        await self.reserve()
        return await self.finish(sign)

    async def reserve(self) -> None:
        """Step 1."""
        intent = self._event(EventType.SIGN_INTENT, self._now)
        await self._authorizations.reserve(
            self._permit, self._operation_id, self._now, [intent], self._pace
        )

    async def finish(self, sign: Callable[[], Awaitable[T]]) -> T:
        """Steps 2 and 3."""
        store, permit, operation_id = self._authorizations, self._permit, self._operation_id
        try:
            signatures = await sign()
        except hsm.Ambiguous as reason:
            await store.note([self._failed(reason)])
            raise
        except (hsm.HsmError, errors.Refused) as reason:
            await store.release(permit, operation_id, [self._failed(reason)])
            raise
        done = self._event(EventType.SIGN_DONE, self._clock.now())
        await store.complete(permit, operation_id, [done])
        return signatures

    def _failed(self, reason: Exception) -> Event:
        kind = type(reason).__name__
        now = self._clock.now()
        return self._event(EventType.SIGN_FAILED, now, Outcome.FAILURE, reason=kind)

    def _event(
        self,
        kind: EventType,
        now: datetime,
        outcome: Outcome = Outcome.SUCCESS,
        **details: str,
    ) -> Event:
        return event(
            kind,
            self._principal.account_id,
            self._call,
            now,
            outcome,
            operation_id=self._operation_id,
            sad_id=self._permit.sad_id,
            root_id=self._permit.root_id,
            credential_id=self._credential_id,
            ordinals=[str(ordinal) for ordinal in self._permit.ordinals],
            **details,
        )
