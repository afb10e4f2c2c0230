"""What our mails and SMS say, in English: the keys of the catalogues ``locale/*.po``.

Rules of this file: a mail is a fact as subject (at most 60 characters, no code), one sentence,
facts as lines, at most one link, and what to do if it was not you. A mail about a changed factor
has no link. An SMS is code, purpose, limit in one ASCII segment, and no link. Sentences have at
most 20 words and are whole, so that they can be translated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from policies.messages import MessageKind

Plural = tuple[str, str]
"""A sentence for one and for more, with ``{n}``."""


@dataclass(frozen=True, slots=True)
class Limit:
    """How long a code or a link works, in the unit that fits."""

    minutes: Plural
    hours: Plural
    days: Plural


CODE_WORKS: Final = Limit(
    ("The code works once, for {n} minute.", "The code works once, for {n} minutes."),
    ("The code works once, for {n} hour.", "The code works once, for {n} hours."),
    ("The code works once, for {n} day.", "The code works once, for {n} days."),
)
LINK_WORKS_ONCE: Final = Limit(
    ("The link works once, for {n} minute.", "The link works once, for {n} minutes."),
    ("The link works once, for {n} hour.", "The link works once, for {n} hours."),
    ("The link works once, for {n} day.", "The link works once, for {n} days."),
)
LINK_WORKS: Final = Limit(
    ("The link works for {n} minute.", "The link works for {n} minutes."),
    ("The link works for {n} hour.", "The link works for {n} hours."),
    ("The link works for {n} day.", "The link works for {n} days."),
)

HELLO: Final = "Hello {name},"
HELLO_NOBODY: Final = "Hello,"

CODE: Final = "Code: {code}"
OLD_PHONE: Final = "Old number: {old_phone}"
NEW_PHONE: Final = "New number: {new_phone}"
SERIAL: Final = "Serial number: {serial}"
WHEN: Final = "When: {when}"

NOT_YOU: Final = (
    "If it was not you, open the site yourself: change your password and contact us at once."
)
UNEXPECTED: Final = "If you do not know why, open the site yourself and contact us."
NOTHING_CHANGED: Final = "If it was not you, you have nothing to do: nothing has changed."

WHO: Final = "{brand} is a service for signing documents at a distance."
WHY_ACCOUNT: Final = "You get this message because this address belongs to a {brand} account."
WHY_ENTERED: Final = "You get this message because somebody entered this address at {brand}."


@dataclass(frozen=True, slots=True)
class Mail:
    """The words of one kind of mail."""

    subject: str
    what: str
    """One sentence: what happened."""
    not_you: str
    facts: tuple[str, ...] = ()
    """A line each."""
    lead: str | None = None
    """Stands before the link; ``None``: the mail has no link."""
    limit: Limit | None = None
    more: str | None = None
    """Stands after the limit."""
    why: str = WHY_ACCOUNT


MAILS: Final = {
    MessageKind.INVITATION: Mail(
        subject="Create your {brand} account",
        what="Somebody, most likely you, asked for a {brand} account with this address.",
        lead="To create the account, open this page:",
        limit=LINK_WORKS_ONCE,
        not_you="If it was not you, you have nothing to do: no account is created.",
        why=WHY_ENTERED,
    ),
    MessageKind.ALREADY_REGISTERED: Mail(
        subject="You already have a {brand} account",
        what="Somebody, most likely you, asked for a {brand} account, but this address has one.",
        lead="To sign in, open this page:",
        more="If you forgot the password, choose a new one there.",
        not_you=NOTHING_CHANGED,
    ),
    MessageKind.PAIRING_INVITATION: Mail(
        subject="Set up how you approve signatures",
        what="With {brand} you approve each signature with a code from an authenticator app.",
        lead="To pair the app with your account, open this page:",
        limit=LINK_WORKS,
        not_you="If you did not expect this message, do not open the link and contact us.",
    ),
    MessageKind.APPROVAL_WANTED: Mail(
        subject="A program waits for your approval",
        what="A program that uses your {brand} account asks you to sign.",
        facts=(WHEN,),
        lead="To see what it asks, and to approve or refuse it, open this page:",
        limit=LINK_WORKS,
        more="Nothing is signed if you do nothing.",
        not_you="If you did not start it, refuse it there and change your password.",
    ),
    MessageKind.PASSWORD_LINK: Mail(
        subject="Choose a new password for {brand}",
        what="Somebody, most likely you, asked for a new password for your {brand} account.",
        lead="To choose it, open this page:",
        limit=LINK_WORKS_ONCE,
        more="There we send a code to your phone.",
        not_you="If it was not you, you have nothing to do: the password stays as it is.",
    ),
    MessageKind.EMAIL_CODE: Mail(
        subject="Your code for a new phone number",
        what="Somebody, most likely you, wants to change the phone number of your {brand} account.",
        facts=(CODE,),
        limit=CODE_WORKS,
        more="Type it on the page that asked for it, and tell it to nobody.",
        not_you=NOT_YOU,
    ),
    MessageKind.PHONE_CHANGED: Mail(
        subject="Your phone number was changed",
        what="The phone number of your {brand} account was changed.",
        facts=(OLD_PHONE, NEW_PHONE, WHEN),
        not_you=NOT_YOU,
    ),
    MessageKind.PASSWORD_CHANGED: Mail(
        subject="Your password was changed",
        what="The password of your {brand} account was changed.",
        facts=(WHEN,),
        not_you="If it was not you, open the site yourself: choose a new password and contact us "
        "at once.",
    ),
    MessageKind.AUTHENTICATOR_PAIRED: Mail(
        subject="An authenticator app was paired",
        what="An authenticator app was paired with your {brand} account.",
        facts=(WHEN,),
        not_you=NOT_YOU,
    ),
    MessageKind.AUTHENTICATOR_REPLACED: Mail(
        subject="Your authenticator app was replaced",
        what="A new authenticator app was paired with your {brand} account; "
        "the old one no longer works.",
        facts=(WHEN,),
        not_you=NOT_YOU,
    ),
    MessageKind.LOGIN_LOCKED: Mail(
        subject="Signing in to {brand} is stopped",
        what="After too many wrong attempts, nobody can sign in to your {brand} account for now.",
        facts=(WHEN,),
        lead="To lift the stop, open this page:",
        limit=LINK_WORKS_ONCE,
        not_you="If it was not you, change your password after you sign in.",
    ),
    MessageKind.ACCOUNT_SUSPENDED: Mail(
        subject="Your account is suspended",
        what="Your {brand} account is suspended: nobody can sign in or sign documents with it.",
        facts=(WHEN,),
        not_you=UNEXPECTED,
    ),
    MessageKind.ACCOUNT_RESUMED: Mail(
        subject="Your account works again",
        what="Your {brand} account works again: you can sign in and sign documents.",
        facts=(WHEN,),
        not_you=UNEXPECTED,
    ),
    MessageKind.CERTIFICATE_SUSPENDED: Mail(
        subject="Your certificate is suspended",
        what="A certificate of your {brand} account is suspended: "
        "nobody can sign documents with it.",
        facts=(SERIAL, WHEN),
        not_you=UNEXPECTED,
    ),
    MessageKind.CERTIFICATE_RESUMED: Mail(
        subject="Your certificate works again",
        what="A certificate of your {brand} account works again: you can sign documents with it.",
        facts=(SERIAL, WHEN),
        not_you=UNEXPECTED,
    ),
    MessageKind.CERTIFICATE_REVOKED: Mail(
        subject="Your certificate was revoked",
        what="A certificate of your {brand} account was revoked for good: "
        "nobody can sign documents with it any more.",
        facts=(SERIAL, WHEN),
        not_you=UNEXPECTED,
    ),
    MessageKind.CERTIFICATE_EXPIRED: Mail(
        subject="Your certificate has expired",
        what="A certificate of your {brand} account has expired: "
        "nobody can sign documents with it any more.",
        facts=(SERIAL, WHEN),
        more="If you have no other certificate, you need a new one to go on signing.",
        not_you="If you do not want to sign any more, you have nothing to do.",
    ),
}

SMS: Final = {
    MessageKind.PHONE_CODE: (
        "{code} - {brand} code to confirm this phone number. {n} min. Tell it to nobody."
    ),
    MessageKind.PAIRING_CODE: (
        "{code} - {brand} code to pair the authenticator app. {n} min. Tell it to nobody."
    ),
    MessageKind.PASSWORD_CODE: (
        "{code} - {brand} code to choose a new password. {n} min. Tell it to nobody."
    ),
    MessageKind.NEW_PHONE_CODE: (
        "{code} - {brand} code to make this your phone number. {n} min. Tell it to nobody."
    ),
    MessageKind.SIGNING_CODE: (
        "{code} - {brand} code to approve a signature. {n} min. Tell it to nobody."
    ),
}
BOUND: Final = "@{host} #{code}"
"""Last line of an SMS: browsers offer the code on that site only."""
