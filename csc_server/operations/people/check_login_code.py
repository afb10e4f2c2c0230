"""The code step of a login. (journeys J1.4; security-and-pki 5.1)

The same authenticator, the same counter and the same throttle as for signatures: a code that
logged somebody in signs nothing, and the other way round.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from csc_server.operations.effects import Effects
from csc_server.operations.people.letters import Letters
from csc_server.operations.people.records import active
from csc_server.operations.records import event
from csc_server.ports import Call, Clock
from csc_server.ports.people import Authenticator, People, Person
from hsm.interface import SigningDevice
from policies import errors, throttle
from policies.audit import Event, EventType, Outcome
from policies.second_factor import PairingState
from policies.secret import Otp
from policies.throttle import Throttle
from policies.values import AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckLoginCode:
    """Also the fresh proof before a factor is changed (security-and-pki 5.3, step-up)."""

    people: People
    device: SigningDevice
    clock: Clock
    letters: Letters
    effects: Effects

    async def __call__(self, call: Call, account_id: AccountId, otp: Otp) -> None:
        """Afterwards the code is used up.

        Raises:
            LinkInvalid: The account was suspended meanwhile.
            AuthenticatorNotReady: Nothing is paired.
            LoginCodeLocked: Too many failures; the code was not looked at.
            LoginCodeWrong: Not the code, or used before.
            HsmError, StorageUnavailable: Nobody is logged in.
        """
        person = active(await self.people.find(account_id))
        authenticator = person.authenticator
        if authenticator is None or authenticator.state is not PairingState.ACTIVE:
            raise errors.AuthenticatorNotReady(account_id)
        now = self.clock.now()
        state = await self.people.code_throttle(authenticator.totp.authenticator_id)
        if throttle.blocked(state, now):
            await self._remind(call, person, state, now)
            raise locked(state)
        # A guess that was compared is counted, also when nobody waits for the answer any more.
        await self.effects.run(self._check(call, person, authenticator, otp, now))

    async def _remind(self, call: Call, person: Person, state: Throttle, now: datetime) -> None:
        """Mail the link that lifts the stop (again): signatures may have brought it about."""
        stop = self.letters.stop(person.profile, now)
        if state.stopped and stop is not None:
            record = event(EventType.LINK_SENT, person.account.account_id, call, now)
            await self.people.open_link(stop.link, stop.message, [record])

    async def _check(
        self,
        call: Call,
        person: Person,
        authenticator: Authenticator,
        otp: Otp,
        now: datetime,
    ) -> None:
        step = await self.device.check_otp(authenticator.totp, otp)
        if step is None:
            raise await self._wrong(call, person, authenticator, now)
        account_id = person.account.account_id
        identifier = authenticator.totp.authenticator_id
        used = event(EventType.FACTOR_USED, account_id, call, now, authenticator_id=identifier)
        try:
            await self.people.use_code(identifier, step, now, [used])
        except errors.OtpReplayed as replayed:
            # A used code is not a guess: it is recorded, but it locks nobody out.
            record = event(EventType.OTP_REPLAY_REJECTED, account_id, call, now, Outcome.FAILURE)
            await self.people.note([record])
            state = await self.people.code_throttle(identifier)
            raise errors.LoginCodeWrong(throttle.tries_left(state)) from replayed
        except errors.OtpLocked as blocked:
            raise locked(await self.people.code_throttle(identifier)) from blocked

    async def _wrong(
        self, call: Call, person: Person, authenticator: Authenticator, now: datetime
    ) -> errors.Refused:
        account_id = person.account.account_id

        def events(after: Throttle) -> list[Event]:
            blocked = throttle.blocked(after, now)
            kind = EventType.FACTOR_LOCKED if blocked else EventType.FACTOR_FAILED
            return [event(kind, account_id, call, now, Outcome.FAILURE, failures=after.failures)]

        stop = self.letters.stop(person.profile, now)
        before, after = await self.people.code_wrong(
            authenticator.totp.authenticator_id, now, events, stop
        )
        if throttle.blocked(before, now):
            return locked(before)
        return errors.LoginCodeWrong(throttle.tries_left(after))


def locked(state: Throttle) -> errors.LoginCodeLocked:
    """The refusal that says until when."""
    return errors.LoginCodeLocked(None if state.stopped else state.locked_until)
