"""signatures/signHash: decide, reserve, sign, complete. (CSC v1 11.9, v2 11.10)

1. facts: the SAD, its hashes and the credential, in one read
2. rule: ``policies.sign.permit``
3. to 5. reserve, sign, complete: ``operations.signing``
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from csc_server.operations.background import Background
from csc_server.operations.effects import Effects
from csc_server.operations.signing import Signing
from csc_server.ports import Authorizations, Call, Clock, Entropy
from csc_server.ports.documents import SigningPacing
from hsm.interface import SigningDevice
from policies import sign
from policies.jobs import SigningResult
from policies.pacing import Pace
from policies.secret import ResponseId
from policies.sign import SignHashRequest, SigningPermit
from policies.values import Principal


@dataclass(frozen=True, slots=True, kw_only=True)
class SignHash:
    """signatures/signHash."""

    authorizations: Authorizations
    device: SigningDevice
    clock: Clock
    entropy: Entropy
    effects: Effects
    pacing: SigningPacing
    background: Background

    async def __call__(
        self, call: Call, principal: Principal, request: SignHashRequest
    ) -> list[bytes]:
        """One signature per hash, in the order asked.

        Raises:
            ClientTooFast: The client signs too often.
            Refused: See ``policies.sign.permit``.
            SadAlreadyUsed, Busy, Broken, KeyGone, Rejected, Ambiguous, StorageUnavailable: See
                ``Signing.run``.
        """
        now = self.clock.now()
        pace = self.pacing.admit(principal, now)
        permit = await self._permit(principal, request, now)
        signing = self._signing(call, principal, request, permit, now, pace)
        return await self.effects.run(signing.run(lambda: self.device.sign(permit)))

    async def start(
        self, call: Call, principal: Principal, request: SignHashRequest, validity_ms: int | None
    ) -> ResponseId:
        """The same, accepted now and worked on later; the handle for signPolling.

        Raises:
            ClientTooFast, Refused, SadAlreadyUsed, StorageUnavailable: As above.
            ValidityOutOfBounds: See ``policies.jobs.kept_until``.
        """
        now = self.clock.now()
        pace = self.pacing.admit(principal, now)
        permit = await self._permit(principal, request, now)
        signing = self._signing(call, principal, request, permit, now, pace)

        async def work() -> SigningResult:
            signatures = await signing.finish(lambda: self.device.sign(permit))
            return SigningResult(signatures=tuple(signatures))

        return await self.background.start(principal, signing, work, validity_ms, now)

    async def _permit(
        self, principal: Principal, request: SignHashRequest, now: datetime
    ) -> SigningPermit:
        facts = await self.authorizations.facts(request.sad, request.credential_id)
        return sign.permit(facts, principal, request, now)

    def _signing(
        self,
        call: Call,
        principal: Principal,
        request: SignHashRequest,
        permit: SigningPermit,
        now: datetime,
        pace: Pace | None,
    ) -> Signing:
        return Signing(
            authorizations=self.authorizations,
            clock=self.clock,
            entropy=self.entropy,
            call=call,
            principal=principal,
            credential_id=request.credential_id,
            permit=permit,
            now=now,
            pace=pace,
        )
