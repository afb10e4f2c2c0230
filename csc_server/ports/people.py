"""People: their profiles, links, codes and authenticators, and what operations need of the store.

Each method is one durable transaction with its audit events and its messages: when it returns,
the change survives a power cut and the mail about it will go out. A wrong code is a result, not
an exception, because its count has to stay.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from csc_server.ports import Account, LoginTry
from csc_server.ports.messages import NewMessage
from policies.audit import Event
from policies.codes import CodeKey, SentCode, Verdict
from policies.links import LinkPurpose
from policies.messages import Language
from policies.passwords import Estimate
from policies.privacy import Acceptance
from policies.registration import Applicant
from policies.second_factor import PairingState, SecondFactor
from policies.secret import Code, LinkToken, Password
from policies.sms_budget import SmsLimits
from policies.throttle import Throttle
from policies.values import AccountId, AccountState, AuthenticatorId, SealedTotp


@dataclass(frozen=True, slots=True)
class Profile:
    """What an account knows of its person."""

    account_id: AccountId
    first_name: str
    last_name: str
    email: str
    """As typed; unique whatever its case."""
    phone: str
    """E.164, confirmed by a code."""
    proposed_phone: str | None
    """J1.9: the number used at identification, until the person answers."""
    language: Language
    second_factor: SecondFactor
    privacy: Acceptance | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Authenticator:
    """The account's authenticator with its history."""

    totp: SealedTotp
    state: PairingState
    """Never ``NONE``."""
    pending_until: datetime | None
    """First instant at which a pending seed is worth nothing; ``None`` when active."""
    paired_at: datetime | None
    """When a code last proved a seed; set while pending when that seed is being replaced."""
    signs_from: datetime | None
    """First instant at which codes of the seed authorise signatures; the signer process holds to
    it. ``None``: at once."""

    @property
    def replaces(self) -> bool:
        """An earlier seed was in use: finishing this pairing is a replacement."""
        return self.paired_at is not None


@dataclass(frozen=True, slots=True)
class Person:
    """An account with everything that login and settings need."""

    account: Account
    profile: Profile | None
    """``None`` for accounts made on the command line without one."""
    authenticator: Authenticator | None

    @property
    def pairing(self) -> PairingState:
        """Where the authenticator stands."""
        return self.authenticator.state if self.authenticator else PairingState.NONE


@dataclass(frozen=True, slots=True)
class NewLink:
    """A link to be mailed; only its digest is kept."""

    token: LinkToken
    purpose: LinkPurpose
    subject: str
    """Identifier of what it opens."""
    addressee: str
    """Whose mails are counted: the address in lower case, whether it exists or not."""
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Registration:
    """A registration whose link was opened."""

    registration_id: str
    applicant: Applicant
    phone_confirmed: bool
    expires_at: datetime
    """End of the link."""


@dataclass(frozen=True, slots=True)
class NewCode:
    """A code to be sent; only its salted digest is kept."""

    code_id: str
    code: Code
    key: CodeKey
    salt: bytes
    sent_at: datetime


@dataclass(frozen=True, slots=True)
class CodeState:
    """The code that counts now."""

    code: SentCode
    fresh: bool
    """It went out in this call; False when the one before is still too young."""
    sms_today: int | None = None
    """SMS of the whole service within a day, this one included; ``None``: none went out."""


@dataclass(frozen=True, slots=True)
class Guess:
    """A code that somebody typed."""

    key: CodeKey
    code: Code
    right: Sequence[Event]
    """Written with the change when the code is right."""
    wrong: Sequence[Event]
    """Written when it is not."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of a guess. Unless it was right nothing changed but the count of tries."""

    verdict: Verdict
    tries_left: int


@dataclass(frozen=True, slots=True)
class Stop:
    """What is written when a failure reaches the hard stop: the owner's way to lift it."""

    link: NewLink
    message: NewMessage


@dataclass(frozen=True, slots=True)
class NewPassword:
    """A password to be set, and who is logged out by it."""

    account_id: AccountId
    password_hash: str
    keep_session: bytes | None
    """Digest of the one session that stays."""
    messages: Sequence[NewMessage]


@dataclass(frozen=True, slots=True)
class PendingSeed:
    """A new seed for an authenticator."""

    totp: SealedTotp
    """No step used."""
    until: datetime
    """First instant at which it is worth nothing, unless a code proved it."""
    signs_from: datetime
    """End of its cooling-off."""


@dataclass(frozen=True, slots=True)
class FinishedPairing:
    """An authenticator that has proved itself."""

    authenticator_id: AuthenticatorId
    sealed: bytes
    """The pending seed that was proved."""
    account_id: AccountId
    step: int
    """Time step of the proving code: used up by it."""
    login_code: bool
    """Codes are asked at login from now on; False leaves that as it was (J1.11)."""
    events: Sequence[Event]
    messages: Sequence[NewMessage]
    keep_session: bytes | None = None
    """Digest of the one session that stays."""


class PasswordStrength(Protocol):
    """How hard a password is to guess."""

    async def __call__(self, password: Password, context: frozenset[str]) -> Estimate:
        """The estimate, made off the event loop."""


class People(Protocol):
    """The store of people."""

    async def by_name(self, name: str) -> Person | None:
        """The person with this user name, or with this mail address in any case."""

    async def find(self, account_id: AccountId) -> Person | None:
        """The person behind an account."""

    async def note(self, events: Sequence[Event], mails: Sequence[NewMessage] = ()) -> None:
        """Write events and messages that change nothing else."""

    # Registration

    async def start_registration(
        self,
        registration_id: str,
        applicant: Applicant,
        link: NewLink,
        letter: Callable[[Profile | None], NewMessage],
        events: Sequence[Event],
    ) -> None:
        """Keep the registration and write a mail, as many statements for one address as another.

        Args:
            letter: Makes the mail: for the profile that has this address already, or the
                invitation. Must not do anything else. No mail goes out when the address got
                ``links.MAILS_PER_HOUR`` within the hour.
        """

    async def registration(self, link_digest: bytes, now: datetime) -> Registration | None:
        """The registration that a living invitation opens; opening does not use it up."""

    async def set_registration_phone(
        self, link_digest: bytes, phone: str, now: datetime, events: Sequence[Event]
    ) -> bool:
        """Afterwards the registration has this number, unconfirmed. False: the link is dead."""

    async def confirm_registration_phone(
        self, registration_id: str, guess: Guess, now: datetime
    ) -> Judged:
        """Afterwards, if the guess is right, the number it was sent to is confirmed."""

    async def create_account(
        self,
        link_digest: bytes,
        account: Account,
        now: datetime,
        events: Sequence[Event],
    ) -> bool:
        """Use up the invitation: account and profile from its registration, phone confirmed.

        False, and nothing changed: the link is dead.

        Raises:
            StepMissing: The phone number is not confirmed.
            NameTaken: The mail address got an account meanwhile.
        """

    # Codes and links

    async def send_code(
        self, new: NewCode, message: NewMessage, limits: SmsLimits, events: Sequence[Event]
    ) -> CodeState:
        """Send a code unless the latest of the same key is too young (``codes.due``).

        Raises:
            RateLimited: Too many SMS to this number or for this owner (``codes.admit_sms``), or
                too many wrong guesses this year (``codes.admit_code``).
            SmsBudgetSpent: Too many of the whole service (``sms_budget.admit``). Nothing changed.
        """

    async def redeem(self, guess: Guess, now: datetime) -> Judged:
        """Use up a code that only opens the next step."""

    async def redeemed_at(self, key: CodeKey) -> datetime | None:
        """When a code of this key was last used."""

    async def open_link(self, link: NewLink, message: NewMessage, events: Sequence[Event]) -> None:
        """Keep a link and mail it, unless its subject got ``links.MAILS_PER_HOUR`` already."""

    async def link_subject(
        self, purpose: LinkPurpose, link_digest: bytes, now: datetime
    ) -> str | None:
        """What a living link opens; reading does not use it up."""

    # Login

    async def password_right(
        self,
        subject: str,
        now: datetime,
        events: Sequence[Event],
        stop: Stop | None = None,
        tried: LoginTry | None = None,
    ) -> bool:
        """Clear the login throttle. False while it blocks.

        It is one more failure of its place then (``tried``), and ``stop`` is written when it is
        the hard stop that blocks: the owner who knows the password gets the link (again), wherever
        the failures came from.

        Args:
            tried: Where it is counted besides.

        Raises:
            RateLimited: Failures from there came first.
        """

    async def password_wrong(
        self,
        subject: str,
        now: datetime,
        events: Sequence[Event],
        stop: Stop | None,
        tried: LoginTry | None = None,
    ) -> Throttle:
        """Count a failure unless blocked; the new state. ``stop`` when it reaches the stop."""

    async def use_code(
        self, authenticator_id: AuthenticatorId, step: int, now: datetime, events: Sequence[Event]
    ) -> None:
        """Use up the time step and clear the throttle of the codes.

        Raises:
            OtpLocked: The failures of others came first.
            OtpReplayed: The time step was used before, by a login or a signature.
            AuthenticatorNotReady: It is not active (any more).
        """

    async def code_wrong(
        self,
        authenticator_id: AuthenticatorId,
        now: datetime,
        events: Callable[[Throttle], Sequence[Event]],
        stop: Stop | None,
    ) -> tuple[Throttle, Throttle]:
        """Count a wrong code unless blocked; state before and after."""

    async def code_throttle(self, authenticator_id: AuthenticatorId) -> Throttle:
        """Failures of the authenticator's codes."""

    # Factors and settings

    async def defer(
        self, account_id: AccountId, second: SecondFactor, events: Sequence[Event]
    ) -> None:
        """Afterwards the profile says this about codes at login."""

    async def begin_pairing(self, guess: Guess, pending: PendingSeed, now: datetime) -> Judged:
        """Afterwards, if the guess is right, this seed is pending and any earlier one is dead."""

    async def finish_pairing(self, done: FinishedPairing, now: datetime) -> None:
        """Afterwards the seed is active; other sessions, and all grants, have ended.

        Raises:
            StepMissing: No pending seed, or its time is over.
            OtpReplayed: The step was used before.
        """

    async def change_password(
        self, new: NewPassword, now: datetime, events: Sequence[Event]
    ) -> None:
        """Afterwards the password is set; other sessions, and all grants, have ended."""

    async def set_new_password(
        self, link_digest: bytes, guess: Guess, new: NewPassword, now: datetime
    ) -> Judged | None:
        """Likewise, by a link and a code, both used up; lifts every lock of the login.

        ``None``, and nothing changed: the link is dead.
        """

    async def change_phone(
        self, account_id: AccountId, guess: Guess, mails: Sequence[NewMessage], now: datetime
    ) -> Judged:
        """Afterwards, if the guess is right, the number it went to is the account's.

        Sessions and grants of the account end; the confirmed mail address is used up.
        """

    async def propose_phone(
        self, account_id: AccountId, phone: str, events: Sequence[Event]
    ) -> None:
        """Afterwards the person is asked whether this is to be the number (J1.9)."""

    async def answer_phone(
        self,
        account_id: AccountId,
        phone: str,
        *,
        accept: bool,
        events: Sequence[Event],
        mails: Sequence[NewMessage],
    ) -> bool:
        """Take or drop the proposed number. False: it is not the one proposed (any more)."""

    async def accept_privacy(
        self, account_id: AccountId, acceptance: Acceptance, events: Sequence[Event]
    ) -> None:
        """Afterwards the profile says which notice was read when."""

    async def add(
        self, account: Account, applicant: Applicant, now: datetime, events: Sequence[Event]
    ) -> None:
        """Afterwards the account exists, with this profile.

        Raises:
            NameTaken: User name or mail address belong to another account.
        """

    async def set_profile(
        self,
        account_id: AccountId,
        applicant: Applicant,
        now: datetime,
        events: Sequence[Event],
        mails: Sequence[NewMessage],
    ) -> None:
        """Afterwards the account has this profile; what it says of factors and notices stays.

        Sessions and grants end where mail address or phone number changed.

        Raises:
            NameTaken: The mail address belongs to another account.
        """

    async def set_language(self, account_id: AccountId, language: Language) -> None:
        """Afterwards messages and pages speak this language."""

    async def unlock(
        self, link_digest: bytes, account_id: AccountId, now: datetime, events: Sequence[Event]
    ) -> bool:
        """Use up the link and lift the locks of login, codes and PINs. False: it is dead."""

    async def set_state(
        self,
        account_id: AccountId,
        state: AccountState,
        now: datetime,
        events: Sequence[Event],
        mails: Sequence[NewMessage],
    ) -> None:
        """Afterwards the account is in this state; suspended, it has no sessions or grants."""

    async def purge(self, now: datetime) -> int:
        """Remove registrations, links and codes that can mean nothing any more; how many."""
