"""credentials/extendTransaction: the old SAD out, the next one in. (CSC v1 11.7)

Only hashes that the signer approved at the start and that are not yet signed can be carried on.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from csc_server.operations.authorize import IssuedSad
from csc_server.operations.effects import Effects
from csc_server.operations.records import event
from csc_server.ports import Authorizations, Call, Clock, Entropy, NewAuthorization
from hsm.interface import SigningDevice
from policies import authorize
from policies.audit import EventType
from policies.authorize import ExtendRequest, Extension
from policies.lifecycle import SadState
from policies.secret import Sad
from policies.values import Principal, SadId


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtendTransaction:
    """credentials/extendTransaction."""

    authorizations: Authorizations
    device: SigningDevice
    clock: Clock
    entropy: Entropy
    effects: Effects

    async def __call__(self, call: Call, principal: Principal, request: ExtendRequest) -> IssuedSad:
        """The next SAD of the transaction.

        Raises:
            Refused: See ``policies.authorize.extension``.
            SadAlreadyUsed: The old SAD was claimed meanwhile.
            HsmError, StorageUnavailable: Nothing was exchanged.
        """
        now = self.clock.now()
        facts = await self.authorizations.facts(request.sad, request.credential_id)
        extension = authorize.extension(facts, principal, request, now)
        return await self.effects.run(self._effects(call, extension, now))

    async def _effects(self, call: Call, extension: Extension, now: datetime) -> IssuedSad:
        old = extension.authorization
        sad_id = SadId(self.entropy.identifier())
        minted = await self.device.extend(extension, sad_id)
        auth = replace(
            old,
            sad_id=sad_id,
            state=SadState.ISSUED,
            expires_at=extension.expires_at,
            open_ordinals=extension.open_ordinals,
            minted=minted,
        )
        new = NewAuthorization(Sad(self.entropy.token()), auth, None, None)
        record = event(
            EventType.SAD_EXTENDED,
            auth.account_id,
            call,
            now,
            old_sad_id=old.sad_id,
            sad_id=sad_id,
            root_id=auth.root_id,
            credential_id=auth.credential_id,
            ordinals=[str(ordinal) for ordinal in sorted(auth.open_ordinals)],
        )
        await self.authorizations.extend(old.sad_id, new, now, [record])
        # Rounded down: a client must not believe in a second that is not there.
        return IssuedSad(new.sad, int((extension.expires_at - now).total_seconds()))
