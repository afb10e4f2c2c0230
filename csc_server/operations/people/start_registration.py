"""Ask for an account: the form of J1.1 becomes a mail, whoever the address belongs to."""

from __future__ import annotations

from dataclasses import dataclass

from csc_server.operations.people.letters import LOGIN_PATH, Addressee, Letters
from csc_server.operations.people.records import applicant_event
from csc_server.ports import Call, Clock, Paces
from csc_server.ports.messages import NewMessage
from csc_server.ports.people import People, Profile
from policies import registration
from policies.audit import EventType
from policies.links import LinkPurpose
from policies.messages import MessageKind
from policies.registration import RegistrationForm


@dataclass(frozen=True, slots=True, kw_only=True)
class StartRegistration:
    """The first step of an account."""

    people: People
    paces: Paces
    clock: Clock
    letters: Letters

    async def __call__(self, call: Call, form: RegistrationForm) -> None:
        """Afterwards a mail is on its way: an invitation, or the way to the login page.

        The caller cannot tell which: both take the same statements and give nothing back
        (security-and-pki 5.4).

        Raises:
            FormInvalid: See ``policies.registration.check``.
            RateLimited: The network address asked too often.
        """
        applicant = registration.check(form, self.letters.rules.prefixes)
        now = self.clock.now()
        await self.paces.take(self.letters.rules.registrations_of(call.source), now)
        registration_id = self.letters.entropy.identifier()
        purpose = LinkPurpose.INVITATION
        link = self.letters.link(purpose, registration_id, applicant.email, now)
        name = f"{applicant.first_name} {applicant.last_name}"
        guest = Addressee(name, applicant.email, applicant.phone, applicant.language, None)
        invitation = self.letters.link_mail(MessageKind.INVITATION, guest, link)

        def letter(known: Profile | None) -> NewMessage:
            if known is None:
                return invitation
            kind, to = MessageKind.ALREADY_REGISTERED, Addressee.of(known)
            return self.letters.page_mail(kind, to, LOGIN_PATH, now)

        record = applicant_event(EventType.REGISTRATION_REQUESTED, registration_id, call, now)
        await self.people.start_registration(registration_id, applicant, link, letter, [record])
