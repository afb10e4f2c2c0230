"""Mails, SMS, codes and links for people: made here, written by the store with their cause."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from csc_server.operations.people.rules import PeopleRules
from csc_server.ports import Entropy
from csc_server.ports.messages import NewMessage
from csc_server.ports.people import CodeState, NewCode, NewLink, Profile, Registration, Stop
from policies import codes, delivery, links, masks, registration
from policies.codes import CodeKey, CodePurpose
from policies.links import LinkPurpose
from policies.messages import Channel, Language, MessageKind
from policies.secret import Code, LinkToken
from policies.values import AccountId

PATHS: Final = {
    LinkPurpose.INVITATION: "/register/",
    LinkPurpose.PASSWORD: "/password/",
    LinkPurpose.UNLOCK: "/unlock/",
}
"""Pages that a link opens; the token follows."""
LOGIN_PATH: Final = "/login"
PAIRING_PATH: Final = "/authenticator"

KINDS: Final = {
    CodePurpose.REGISTRATION: MessageKind.PHONE_CODE,
    CodePurpose.PAIRING: MessageKind.PAIRING_CODE,
    CodePurpose.PASSWORD: MessageKind.PASSWORD_CODE,
    CodePurpose.EMAIL: MessageKind.EMAIL_CODE,
    CodePurpose.NEW_PHONE: MessageKind.NEW_PHONE_CODE,
}
"""The message that carries each code."""


@dataclass(frozen=True, slots=True)
class CodeSent:
    """What the page tells about the code that counts now."""

    destination: str
    """Where it went, partly masked."""
    expires_at: datetime
    """End of the countdown."""
    resend_at: datetime
    """First instant at which asking again sends another."""
    tries_left: int
    usable: bool
    """False: over, used or out of tries; the way on is a new one from ``resend_at``."""
    fresh: bool
    """It went out in this call."""


@dataclass(frozen=True, slots=True)
class Addressee:
    """Whom a message is for."""

    name: str
    email: str
    phone: str
    language: Language
    account_id: AccountId | None

    @classmethod
    def of(cls, profile: Profile) -> Addressee:
        """The person of a profile."""
        name = f"{profile.first_name} {profile.last_name}"
        return cls(name, profile.email, profile.phone, profile.language, profile.account_id)

    @classmethod
    def of_registration(cls, registration: Registration) -> Addressee:
        """The person of a registration."""
        who = registration.applicant
        return cls(f"{who.first_name} {who.last_name}", who.email, who.phone, who.language, None)


@dataclass(frozen=True, slots=True)
class Letters:
    """Makes what goes out."""

    entropy: Entropy
    rules: PeopleRules

    def link(self, purpose: LinkPurpose, subject: str, email: str, now: datetime) -> NewLink:
        """A link that nobody has yet, for a mail to this address."""
        return NewLink(
            token=LinkToken(self.entropy.token()),
            purpose=purpose,
            subject=subject,
            addressee=registration.mail_key(email),
            created_at=now,
            expires_at=now + links.LIFE[purpose],
        )

    def link_mail(self, kind: MessageKind, to: Addressee, link: NewLink) -> NewMessage:
        """The mail that carries a link, worth sending as long as the link lives."""
        url = f"{self.rules.base_url}{PATHS[link.purpose]}{link.token.value}"
        facts = {"name": to.name, "link": url}
        return self._message(kind, to, to.email, facts, link.created_at, link.expires_at)

    def page_mail(
        self,
        kind: MessageKind,
        to: Addressee,
        path: str,
        now: datetime,
        *,
        expires_at: datetime | None = None,
    ) -> NewMessage:
        """A mail that leads to a page which asks for the login.

        Args:
            expires_at: End of what the page is about; ``None``: it has none.
        """
        facts = {"name": to.name, "link": f"{self.rules.base_url}{path}"}
        end = expires_at or now + delivery.MAIL_LIFE
        return self._message(kind, to, to.email, facts, now, end)

    def notice(self, kind: MessageKind, to: Addressee, now: datetime, **facts: str) -> NewMessage:
        """A mail that tells the owner of a change; it carries no link (ui 4.4)."""
        named = {"name": to.name, **facts}
        return self._message(kind, to, to.email, named, now, now + delivery.MAIL_LIFE)

    def code(self, key: CodeKey, now: datetime) -> NewCode:
        """A code that nobody knows yet."""
        code = codes.new_code(bytes.fromhex(self.entropy.identifier()))
        salt = bytes.fromhex(self.entropy.identifier())
        return NewCode(self.entropy.identifier(), code, key, salt, now)

    def code_message(self, to: Addressee, new: NewCode) -> NewMessage:
        """The SMS or mail that carries a code to the destination it is bound to."""
        kind = KINDS[new.key.purpose]
        facts = {"code": new.code.value}
        if kind.channel is Channel.MAIL:
            facts["name"] = to.name
        expires_at = new.sent_at + codes.LIFE[new.key.purpose]
        return self._message(kind, to, new.key.destination, facts, new.sent_at, expires_at)

    def signing_code(
        self, to: Addressee, code: Code, now: datetime, expires_at: datetime
    ) -> NewMessage:
        """The SMS with a code that approves a signature."""
        facts = {"code": code.value}
        return self._message(MessageKind.SIGNING_CODE, to, to.phone, facts, now, expires_at)

    def stop(self, profile: Profile | None, now: datetime) -> Stop | None:
        """What tells the owner of a hard stop, with the link that lifts it."""
        if profile is None:
            return None
        link = self.link(LinkPurpose.UNLOCK, profile.account_id, profile.email, now)
        mail = self.link_mail(MessageKind.LOGIN_LOCKED, Addressee.of(profile), link)
        return Stop(link, mail)

    def _message(
        self,
        kind: MessageKind,
        to: Addressee,
        recipient: str,
        facts: dict[str, str],
        now: datetime,
        expires_at: datetime,
    ) -> NewMessage:
        return NewMessage(
            message_id=self.entropy.identifier(),
            kind=kind,
            recipient=recipient,
            language=to.language,
            facts=facts,
            account_id=to.account_id,
            created_at=now,
            expires_at=expires_at,
        )


def sent(state: CodeState, now: datetime) -> CodeSent:
    """What the page tells about a code of the store."""
    code = state.code
    purpose, destination = code.key.purpose, code.key.destination
    by_sms = KINDS[purpose].channel is Channel.SMS
    left = max(codes.TRIES - code.tries, 0)
    return CodeSent(
        destination=masks.phone(destination) if by_sms else masks.email(destination),
        expires_at=code.expires_at,
        resend_at=code.resend_at,
        tries_left=left,
        usable=not code.used and left > 0 and now < code.expires_at,
        fresh=state.fresh,
    )
