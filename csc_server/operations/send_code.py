"""credentials/sendOTP and credentials/getChallenge: a code by SMS goes to the owner's phone.

1. facts: credential, throttle, the code before, SMS of the day; the owner's number
2. rule: is a code to be drawn? Nothing, if the one before is good and just went out
3. device: draw the code and stamp it, in the signer process
4. store: stamp and SMS in one transaction, where the rule is asked again

The code is in this process between 3 and 4, and in the row of the SMS until that is settled.
(CSC v1 11.8, v2 11.8; ADR 9)
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from csc_server.operations.people.letters import Addressee, Letters
from csc_server.operations.people.sending import tell_when_low, told_when_spent
from csc_server.operations.records import event
from csc_server.ports import Call, Clock, Entropy
from csc_server.ports.people import People
from csc_server.ports.signing_codes import NewSigningCode, SigningCodes
from hsm.interface import SigningDevice
from policies import masks, signing_codes
from policies.audit import EventType
from policies.values import AccountId, CredentialId


@dataclass(frozen=True, slots=True)
class CodeOnItsWay:
    """What the approval page tells about the code that counts now."""

    destination: str
    """Partly masked."""
    expires_at: datetime
    """At the latest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SendSigningCode:
    """Both methods, and *Send the code* on the approval page."""

    codes: SigningCodes
    people: People
    device: SigningDevice
    letters: Letters
    clock: Clock
    entropy: Entropy

    async def __call__(
        self, call: Call, account_id: AccountId, credential_id: CredentialId
    ) -> CodeOnItsWay:
        """Afterwards a code is on its way to the owner's phone.

        Raises:
            Refused: See ``policies.signing_codes.sendable``.
            HsmError, StorageUnavailable: None was sent.
        """
        now = self.clock.now()
        person = await self.people.find(account_id)
        profile = person.profile if person else None
        phone = profile.phone if profile else None
        facts = await self.codes.facts(credential_id, phone, now)
        limits = self.letters.rules.sms
        expires_at = now + signing_codes.LIFE
        if signing_codes.sendable(facts, account_id, phone, limits.gap, now):
            assert facts.credential is not None  # noqa: S101 - the rule has seen it
            assert profile is not None  # noqa: S101 - and the number
            drawn = await self.device.draw_code(
                facts.credential, self.entropy.identifier(), expires_at
            )
            new = NewSigningCode(drawn.stamped, account_id, credential_id, profile.phone, now)
            message = self.letters.signing_code(Addressee.of(profile), drawn.code, now, expires_at)
            record = event(
                EventType.CODE_SENT, account_id, call, now, credential_id=str(credential_id)
            )
            with told_when_spent(limits, "signing"):
                sms_today = await self.codes.send(new, message, limits, [record])
            tell_when_low(limits, sms_today)
        return CodeOnItsWay(masks.phone(phone or ""), expires_at)
