"""credentials/authorize: the factors become a SAD for exactly these hashes. (CSC v1 11.6)

1. facts: credential, authenticator, throttles, in one read
2. rule: may the factors be looked at?
3. device: check the factors and mint the record, both in the signer process
4. store: mark the code as used, clear the throttles, keep the SAD, in one transaction; the
   throttles are judged again there, so that guesses in parallel count one after the other
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from csc_server.operations.effects import Effects
from csc_server.operations.records import event
from csc_server.ports import Authorizations, Call, Clock, Entropy, NewAuthorization
from hsm.interface import SigningDevice
from policies import authorize, errors, throttle
from policies.audit import Event, EventType, Outcome
from policies.authorize import AuthorizeRequest, FactorCheck
from policies.lifecycle import OccurrenceState, SadState
from policies.secret import Sad
from policies.throttle import Throttle
from policies.values import (
    Authorization,
    Credential,
    Factor,
    MintedSad,
    Occurrence,
    Principal,
    SadId,
)

Keep = Callable[[NewAuthorization, datetime, Sequence[Event]], Awaitable[None]]
"""Stores a SAD, marks its factors as used and writes the events, in one transaction."""


@dataclass(frozen=True, slots=True)
class IssuedSad:
    """What authorize and extendTransaction give."""

    sad: Sad
    expires_in_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorize:
    """credentials/authorize."""

    authorizations: Authorizations
    device: SigningDevice
    clock: Clock
    entropy: Entropy
    effects: Effects

    async def __call__(
        self, call: Call, principal: Principal, request: AuthorizeRequest
    ) -> IssuedSad:
        """A SAD for the hashes of ``request``.

        Raises:
            Refused: See ``policies.authorize.check``; PinWrong, OtpWrong, OtpReplayed,
                PinLocked, OtpLocked after the factors were looked at.
            HsmError, StorageUnavailable: Nothing was issued.
        """
        return await self.mint(call, principal, request, self.authorizations.issue)

    async def mint(
        self, call: Call, principal: Principal, request: AuthorizeRequest, keep: Keep
    ) -> IssuedSad:
        """As above, with another place for the SAD.

        Args:
            keep: Stores the SAD with its events as ``Authorizations.issue`` does.
        """
        now = self.clock.now()
        facts = await self.authorizations.authorize_facts(request.credential_id)
        check = authorize.check(facts, principal, request, now)
        return await self.effects.run(self._effects(call, principal, check, keep, now))

    async def _effects(
        self, call: Call, principal: Principal, check: FactorCheck, keep: Keep, now: datetime
    ) -> IssuedSad:
        sad_id = SadId(self.entropy.identifier())
        expires_at, hard = now + authorize.LIFETIME, now + authorize.HARD_LIFETIME
        try:
            result = await self.device.authorize(check, sad_id, expires_at, hard)
        except errors.OtpReplayed:
            await self._replayed(call, check, now)
            raise
        if result.minted is None:
            raise await self._wrong(call, check, result.wrong, now)
        auth = _authorization(sad_id, principal, check, result.minted, expires_at, hard)
        new = NewAuthorization(
            sad=Sad(self.entropy.token()),
            authorization=auth,
            otp_step=result.totp_step,
            authenticator_id=check.credential.authenticator_id,
            code_id=check.code.code_id if check.code else None,
        )
        try:
            await keep(new, now, [_issued(call, check, auth, now)])
        except errors.OtpReplayed:
            await self._replayed(call, check, now)
            raise
        return IssuedSad(new.sad, int(authorize.LIFETIME.total_seconds()))

    async def _wrong(
        self, call: Call, check: FactorCheck, wrong: frozenset[Factor], now: datetime
    ) -> errors.Refused:
        """Count the failures, and say which refusal the client gets."""

        def events(after: dict[Factor, Throttle]) -> Sequence[Event]:
            return [
                _failed(call, check.credential, factor, state, now)
                for factor, state in sorted(after.items())
            ]

        code_id = check.code.code_id if check.code else None
        before = await self.authorizations.factors_failed(
            check.credential, wrong, now, events, code_id
        )
        return _refusal(check.credential, wrong, before, now)

    async def _replayed(self, call: Call, check: FactorCheck, now: datetime) -> None:
        """A used code is not a guess: it is recorded, but it locks nobody out."""
        record = event(
            EventType.OTP_REPLAY_REJECTED,
            check.credential.account_id,
            call,
            now,
            Outcome.FAILURE,
            credential_id=check.credential.credential_id,
        )
        await self.authorizations.note([record])


def _authorization(
    sad_id: SadId,
    principal: Principal,
    check: FactorCheck,
    minted: MintedSad,
    expires_at: datetime,
    hard_expires_at: datetime,
) -> Authorization:
    return Authorization(
        sad_id=sad_id,
        root_id=sad_id,
        account_id=principal.account_id,
        client_id=principal.client_id,
        credential_id=check.credential.credential_id,
        hash_algorithm=check.hash_algorithm,
        state=SadState.ISSUED,
        expires_at=expires_at,
        hard_expires_at=hard_expires_at,
        open_ordinals=frozenset(range(len(check.hashes))),
        occurrences=tuple(
            Occurrence(ordinal, digest, OccurrenceState.AUTHORIZED)
            for ordinal, digest in enumerate(check.hashes)
        ),
        minted=minted,
        grant_id=principal.grant_id,
        jkt=principal.jkt,
    )


def _issued(call: Call, check: FactorCheck, auth: Authorization, now: datetime) -> Event:
    return event(
        EventType.SAD_ISSUED,
        auth.account_id,
        call,
        now,
        sad_id=auth.sad_id,
        credential_id=auth.credential_id,
        client_id=auth.client_id,
        factors=sorted(check.credential.factors),
        hash_algorithm=auth.hash_algorithm.oid,
        hashes=[digest.hex() for digest in check.hashes],
    )


def _failed(
    call: Call, credential: Credential, factor: Factor, state: Throttle, now: datetime
) -> Event:
    locked = throttle.blocked(state, now)
    return event(
        EventType.FACTOR_LOCKED if locked else EventType.FACTOR_FAILED,
        credential.account_id,
        call,
        now,
        Outcome.FAILURE,
        credential_id=credential.credential_id,
        factor=factor.value,
        failures=state.failures,
    )


def _refusal(
    credential: Credential,
    wrong: frozenset[Factor],
    before: dict[Factor, Throttle],
    now: datetime,
) -> errors.Refused:
    if Factor.PIN in wrong:
        locked = throttle.blocked(before[Factor.PIN], now)
        return (errors.PinLocked if locked else errors.PinWrong)(credential.credential_id)
    [code] = wrong
    locked = throttle.blocked(before[code], now)
    return (errors.OtpLocked if locked else errors.OtpWrong)(credential.credential_id)
