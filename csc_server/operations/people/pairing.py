"""Pair an authenticator, or replace it: SMS code, QR code, one code of the app.

(journeys J1.4, J1.11, J6; security-and-pki 5.1; providers 7) A replacement takes the same three
steps; the old seed dies in the second one, when the new one is shown.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from csc_server.operations.people import qr
from csc_server.operations.people.letters import PAIRING_PATH, Addressee, CodeSent, Letters
from csc_server.operations.people.records import active, demand, profile_of
from csc_server.operations.people.sending import send_code
from csc_server.operations.records import event
from csc_server.ports import Call, Clock, Entropy
from csc_server.ports.people import (
    Authenticator,
    FinishedPairing,
    Guess,
    PendingSeed,
    People,
    Person,
    Profile,
)
from hsm.interface import Enrolment
from policies import errors, second_factor
from policies.audit import EventType, Outcome
from policies.codes import CodeKey, CodePurpose
from policies.messages import MessageKind
from policies.registration import Problem
from policies.second_factor import PENDING_LIFE, PairingState
from policies.secret import Code, Otp, TotpSeed
from policies.values import AccountId, AuthenticatorId, SealedTotp


@dataclass(frozen=True, slots=True)
class Shown:
    """A new seed, shown once and never again."""

    seed: TotpSeed
    groups: tuple[str, ...] = field(repr=False)
    """The seed in groups of four."""
    uri: str = field(repr=False)
    """``otpauth://``, for the app on this very device."""
    png: bytes = field(repr=False)
    """The URI as a QR code."""
    until: datetime
    """First instant at which it is worth nothing, unless a code has confirmed it."""
    replaces: bool
    """An authenticator was in use; it is dead now."""


@dataclass(frozen=True, slots=True)
class Paired:
    """What the person is told at the end; their sessions have ended."""

    replaced: bool
    signs_from: datetime
    """First instant at which codes of the new authenticator sign."""


@dataclass(frozen=True, slots=True)
class StartPairing:
    """Opening the page sends the SMS."""

    people: People
    clock: Clock
    letters: Letters

    async def __call__(self, call: Call, account_id: AccountId) -> CodeSent:
        """An SMS goes out, unless the one before is less than 30 minutes old.

        Raises:
            StepMissing: The account has no phone number.
            RateLimited, SmsBudgetSpent: See ``send_code``.
        """
        profile = profile_of(active(await self.people.find(account_id)))
        now = self.clock.now()
        new = self.letters.code(key_of(profile), now)
        record = event(EventType.CODE_SENT, account_id, call, now, purpose=new.key.purpose)
        return await send_code(self.people, self.letters, Addressee.of(profile), new, record)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmPairingCode:
    """SMS code and tick; then the QR code."""

    people: People
    device: Enrolment
    clock: Clock
    entropy: Entropy
    letters: Letters

    async def __call__(
        self, call: Call, account_id: AccountId, code: Code, *, installed: bool
    ) -> Shown:
        """A new seed, pending for ten minutes; any seed before it is dead from now on.

        Raises:
            FormInvalid: Field ``installed``: the tick is missing.
            CodeWrong, CodeExpired: See ``policies.codes.demand``.
            HsmError: No seed could be made; nothing changed.
        """
        if not installed:
            raise errors.FormInvalid({"installed": Problem.MISSING})
        person = active(await self.people.find(account_id))
        profile = profile_of(person)
        # The identifier stays, so that credentials bound to the authenticator stay true (ADR 7).
        identifier = _identifier(person) or AuthenticatorId(self.entropy.identifier())
        sealed, seed = await self.device.new_totp(identifier, account_id)
        now = self.clock.now()
        record = event(EventType.FACTOR_PENDING, account_id, call, now, authenticator_id=identifier)
        guess = Guess(
            key_of(profile),
            code,
            [record],
            [event(EventType.CODE_FAILED, account_id, call, now, Outcome.FAILURE)],
        )
        rules = self.letters.rules
        pending = PendingSeed(
            totp=SealedTotp(identifier, account_id, sealed, -1),
            until=now + PENDING_LIFE,
            signs_from=now + rules.cooling_off,
        )
        demand(await self.people.begin_pairing(guess, pending, now))
        link = qr.uri(rules.brand, profile.email, seed)
        replaces = person.pairing is PairingState.ACTIVE
        return Shown(seed, qr.groups(seed), link, qr.png(link), pending.until, replaces)


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishPairing:
    """One code of the app proves that the seed arrived."""

    people: People
    device: Enrolment
    clock: Clock
    letters: Letters

    async def __call__(
        self,
        call: Call,
        account_id: AccountId,
        otp: Otp,
        *,
        for_login: bool,
        keep_session: bytes | None = None,
    ) -> Paired:
        """Afterwards the authenticator is active and every other session has ended.

        Args:
            for_login: Ask for codes at login from now on. False leaves that as it was (J1.11).
            keep_session: Digest of the session in which it was paired. The caller signs it out,
                so that a program's request that waits in it goes on.

        Raises:
            StepMissing: No seed is pending, or its ten minutes are over.
            OtpWrong: Not a code of the pending seed; OtpReplayed: used before.
            ClockSkewed: A code of another time: the phone's clock is wrong.
            HsmError, StorageUnavailable: Nothing changed.
        """
        person = active(await self.people.find(account_id))
        profile, now = profile_of(person), self.clock.now()
        pending = _pending(person.authenticator, now)
        proof = await self.device.prove_totp(pending.totp, otp)
        if proof.step is None:
            raise second_factor.unproved(proof.near, now)
        replaced = pending.replaces
        done = FinishedPairing(
            authenticator_id=pending.totp.authenticator_id,
            sealed=pending.totp.sealed,
            account_id=account_id,
            step=proof.step,
            login_code=for_login or profile.second_factor.login_code,
            events=[
                event(
                    EventType.FACTOR_REPLACED if replaced else EventType.FACTOR_BOUND,
                    account_id,
                    call,
                    now,
                    authenticator_id=pending.totp.authenticator_id,
                )
            ],
            messages=[
                self.letters.notice(
                    MessageKind.AUTHENTICATOR_REPLACED
                    if replaced
                    else MessageKind.AUTHENTICATOR_PAIRED,
                    Addressee.of(profile),
                    now,
                )
            ],
            keep_session=keep_session,
        )
        await self.people.finish_pairing(done, now)
        return Paired(replaced, pending.signs_from or now)


@dataclass(frozen=True, slots=True)
class SendPairingInvitation:
    """*Configure the authorisation mechanism*, for those who put the second factor off (J1.11)."""

    people: People
    clock: Clock
    letters: Letters

    async def __call__(self, account_id: AccountId) -> None:
        """Afterwards a mail leads to the pairing page, behind the login.

        Raises:
            LinkInvalid: No active account.
            StepMissing: The account has no mail address.
        """
        profile = profile_of(active(await self.people.find(account_id)))
        kind, now = MessageKind.PAIRING_INVITATION, self.clock.now()
        mail = self.letters.page_mail(kind, Addressee.of(profile), PAIRING_PATH, now)
        await self.people.note([], [mail])


def key_of(profile: Profile) -> CodeKey:
    """What pairing codes of a person are bound to."""
    return CodeKey(CodePurpose.PAIRING, profile.account_id, profile.phone)


def _identifier(person: Person) -> AuthenticatorId | None:
    return person.authenticator.totp.authenticator_id if person.authenticator else None


def _pending(authenticator: Authenticator | None, now: datetime) -> Authenticator:
    if (
        authenticator is None
        or authenticator.pending_until is None
        or now >= authenticator.pending_until
    ):
        raise errors.StepMissing("no seed is pending")
    return authenticator
