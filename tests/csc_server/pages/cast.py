"""The person on the stage: every verb of ``operations.people``, ending as the test says."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from csc_server.operations.people import People
from csc_server.operations.people.letters import CodeSent
from csc_server.operations.people.pairing import Paired, Shown
from csc_server.operations.people.rules import PeopleRules
from csc_server.operations.people.sign_in import SignedIn
from csc_server.ports import Account
from csc_server.ports.people import Authenticator, Person, Profile, Registration
from policies.messages import Language
from policies.privacy import Acceptance
from policies.registration import Applicant
from policies.second_factor import LoginStep, PairingState, SecondFactor
from policies.secret import TotpSeed
from policies.values import AccountId, AccountState, AuthenticatorId, SealedTotp

OWNER: Final = AccountId("a")
EMAIL: Final = "andreea.ionescu@example.ro"
PHONE: Final = "+40722123321"
NEW_PHONE: Final = "+40744000111"
SEED: Final = TotpSeed("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
LONG_NAME: Final = "Wolfeschlegelsteinhausenbergerdorffwelchevoralternwarengewissenh"
"""64 letters and no blank: the longest that a profile takes (``policies.registration``)."""
FORTY: Final = "Documente și semnături pentru contabili 24"
"""A name of a program, as long as they are."""
OPTIONAL: Final = date(2099, 12, 31)
"""A deadline of the second factor that these tests will not see."""

_VERBS: Final = {field.name for field in fields(People)} | {"send_code"}
Verb = Callable[..., Awaitable[Any]]


class StagedPeople:
    """One person. Verbs do nothing and give back what ``outcomes`` has, or raise it."""

    def __init__(self) -> None:
        self.rules = PeopleRules("Paraph", "http://127.0.0.1", mandatory_from=OPTIONAL)
        self.person = person()
        self.outcomes: dict[str, Any] = {
            "sign_in": signed_in(),
            "open_invitation": invitation(),
            "send_phone_code": sent(),
            "send_password_code": sent(),
            "start_pairing": sent(),
            "send_email_code": sent("a•••@example.ro", minutes=5),
            "send_new_phone_code": (NEW_PHONE, sent("+40 7•• ••• 111", minutes=5)),
            "confirm_pairing_code": Shown(SEED, (), "", b"", soon(10), replaces=False),
            "finish_pairing": Paired(replaced=False, signs_from=soon(0)),
        }
        """By the name of the verb."""

    def show(self, **changes: Any) -> None:
        """Another profile of the same person; names of fields of ``Profile``."""
        assert self.person.profile is not None
        self.person = replace(self.person, profile=replace(self.person.profile, **changes))

    async def show_person(self, account_id: AccountId) -> Person:
        """The one."""
        return self.person

    def __getattr__(self, verb: str) -> Verb:
        if verb not in _VERBS:
            raise AttributeError(verb)

        async def act(*given: Any, **named: Any) -> Any:
            outcome = self.outcomes.get(verb)
            if isinstance(outcome, Exception):
                raise outcome
            return outcome

        return act


def soon(minutes: float) -> datetime:
    """In so many minutes."""
    return datetime.now(UTC) + timedelta(minutes=minutes)


def person() -> Person:
    """Andreea, whose authenticator is paired."""
    account = Account(OWNER, "andreea", "$", AccountState.ACTIVE, soon(0))
    profile = Profile(
        account_id=OWNER,
        first_name="Andreea",
        last_name="Ionescu",
        email=EMAIL,
        phone=PHONE,
        proposed_phone=None,
        language=Language.EN,
        second_factor=SecondFactor(),
        privacy=Acceptance("2026-11", soon(0)),
        created_at=soon(0),
    )
    return Person(account, profile, authenticator())


def authenticator(signs_from: datetime | None = None) -> Authenticator:
    """A paired one."""
    totp = SealedTotp(AuthenticatorId("t"), OWNER, b"", -1)
    return Authenticator(totp, PairingState.ACTIVE, None, soon(0), signs_from)


def from_command_line() -> Person:
    """An account without profile and authenticator."""
    return replace(person(), profile=None, authenticator=None)


def signed_in(step: LoginStep = LoginStep.DONE) -> SignedIn:
    """A right password."""
    return SignedIn(OWNER, step, OPTIONAL, may_defer=True, privacy_due=False, proposed_phone=None)


def invitation(*, confirmed: bool = False) -> Registration:
    """What a living invitation opens."""
    applicant = Applicant("Andreea", "Ionescu", EMAIL, PHONE, Language.EN)
    return Registration("r", applicant, confirmed, soon(60))


def sent(
    to: str = "+40 7•• ••• 321", *, minutes: float = 10, again: float = 30, fresh: bool = True
) -> CodeSent:
    """A code on its way, good for so many minutes; another may go ``again`` minutes from now."""
    return CodeSent(to, soon(minutes), soon(again), 3, usable=True, fresh=fresh)
