"""What a person sees of their account, and the small things they set. (journeys J1.6)"""

from __future__ import annotations

from dataclasses import dataclass

from csc_server.operations.people.records import active, profile_of
from csc_server.operations.people.rules import PeopleRules
from csc_server.operations.records import event
from csc_server.ports import Call, Clock
from csc_server.ports.people import People, Person
from policies.audit import EventType
from policies.messages import Language
from policies.privacy import Acceptance
from policies.values import AccountId


@dataclass(frozen=True, slots=True)
class ShowPerson:
    """Account, profile and authenticator."""

    people: People

    async def __call__(self, account_id: AccountId) -> Person:
        """The person.

        Raises:
            LinkInvalid: No such account, or it is suspended.
        """
        return active(await self.people.find(account_id))


@dataclass(frozen=True, slots=True)
class AcceptPrivacyNotice:
    """*I have read it*."""

    people: People
    clock: Clock
    rules: PeopleRules

    async def __call__(self, call: Call, account_id: AccountId) -> None:
        """Afterwards version and time of the notice are on record.

        Raises:
            StepMissing: The account has no profile.
        """
        profile_of(active(await self.people.find(account_id)))
        now, version = self.clock.now(), self.rules.privacy_version
        record = event(EventType.PRIVACY_ACCEPTED, account_id, call, now, version=version)
        await self.people.accept_privacy(account_id, Acceptance(version, now), [record])


@dataclass(frozen=True, slots=True)
class SetLanguage:
    """The switch in the page header, remembered."""

    people: People

    async def __call__(self, account_id: AccountId, language: Language) -> None:
        """Afterwards messages to this person are in this language."""
        await self.people.set_language(account_id, language)
