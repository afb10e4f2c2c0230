"""signatures/signHash: decide, reserve, sign, complete. (CSC v1 11.9, v2 11.10)

1. facts: the SAD, its hashes and the credential, in one read
2. rule: ``policies.sign.permit``
3. store: hashes reserved and the intent on record, in one durable transaction
4. device: the permit is redeemed, the key is used, each signature verified
5. store: hashes consumed and the end on record, in one durable transaction

A crash between 3 and 5 leaves the hashes reserved: they are burned at the SAD's end, and the
signer authorises anew. At most once, never twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from csc_server.operations.effects import Effects
from csc_server.operations.records import event
from csc_server.ports import Authorizations, Call, Clock, Entropy
from hsm import errors as hsm
from hsm.interface import SigningDevice
from policies import sign
from policies.audit import Event, EventType, Outcome
from policies.sign import SignHashRequest, SigningPermit
from policies.values import CredentialId, OperationId, Principal


@dataclass(frozen=True, slots=True, kw_only=True)
class SignHash:
    """signatures/signHash."""

    authorizations: Authorizations
    device: SigningDevice
    clock: Clock
    entropy: Entropy
    effects: Effects

    async def __call__(
        self, call: Call, principal: Principal, request: SignHashRequest
    ) -> list[bytes]:
        """One signature per hash, in the order asked.

        Raises:
            Refused: See ``policies.sign.permit``.
            SadAlreadyUsed: Another request claimed the SAD or a hash first.
            Busy, Broken, KeyGone, Rejected: Nothing was signed; the SAD is as before.
            Ambiguous: A signature may exist; its hashes stay reserved.
            StorageUnavailable: No signature leaves.
        """
        now = self.clock.now()
        facts = await self.authorizations.facts(request.sad, request.credential_id)
        permit = sign.permit(facts, principal, request, now)
        steps = _Steps(self, call, principal, request.credential_id, permit, now)
        return await self.effects.run(steps.run())


class _Steps:
    """Steps 3 to 5 of one signHash."""

    def __init__(
        self,
        operation: SignHash,
        call: Call,
        principal: Principal,
        credential_id: CredentialId,
        permit: SigningPermit,
        now: datetime,
    ) -> None:
        self._authorizations, self._device = operation.authorizations, operation.device
        self._clock = operation.clock
        self._call, self._principal, self._credential_id = call, principal, credential_id
        self._permit, self._now = permit, now
        self._operation_id = OperationId(operation.entropy.identifier())

    async def run(self) -> list[bytes]:
        store, permit, operation_id = self._authorizations, self._permit, self._operation_id
        intent = self._event(EventType.SIGN_INTENT, self._now)
        await store.reserve(permit, operation_id, self._now, [intent])
        try:
            signatures = await self._device.sign(permit)
        except hsm.Ambiguous as reason:
            await store.note([self._failed(reason)])
            raise
        except hsm.HsmError as reason:
            await store.release(permit, operation_id, [self._failed(reason)])
            raise
        done = self._event(EventType.SIGN_DONE, self._clock.now())
        await store.complete(permit, operation_id, [done])
        return signatures

    def _failed(self, reason: hsm.HsmError) -> Event:
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
