"""What the service writes to people, by which channel, in which languages."""

from __future__ import annotations

from enum import Enum, StrEnum
from typing import Final


class Language(StrEnum):
    """Languages of pages and messages. (journeys: UI languages)"""

    RO = "ro"
    EN = "en"
    FR = "fr"


class Channel(StrEnum):
    """How a message travels."""

    MAIL = "mail"
    SMS = "sms"


class MessageKind(Enum):
    """Every message there is: its word in the store, and its channel."""

    INVITATION = ("invitation", Channel.MAIL)
    """J1.1: the link that opens an account."""
    ALREADY_REGISTERED = ("already_registered", Channel.MAIL)
    """J1.1: the address has an account; the link leads to the login page."""
    PHONE_CODE = ("phone_code", Channel.SMS)
    """J1.2."""
    PAIRING_CODE = ("pairing_code", Channel.SMS)
    """J1.4, J6: before a QR code is shown."""
    PAIRING_INVITATION = ("pairing_invitation", Channel.MAIL)
    """J1.11: configure the authorisation mechanism."""
    PASSWORD_LINK = ("password_link", Channel.MAIL)
    """J4.2."""
    PASSWORD_CODE = ("password_code", Channel.SMS)
    """J4.2."""
    EMAIL_CODE = ("email_code", Channel.MAIL)
    """J5: confirms the mail address before the phone number changes."""
    NEW_PHONE_CODE = ("new_phone_code", Channel.SMS)
    """J5."""
    PHONE_CHANGED = ("phone_changed", Channel.MAIL)
    """J5."""
    PASSWORD_CHANGED = ("password_changed", Channel.MAIL)
    AUTHENTICATOR_PAIRED = ("authenticator_paired", Channel.MAIL)
    AUTHENTICATOR_REPLACED = ("authenticator_replaced", Channel.MAIL)
    LOGIN_LOCKED = ("login_locked", Channel.MAIL)
    """Too many failures; with the link by which the owner lifts the stop."""
    ACCOUNT_SUSPENDED = ("account_suspended", Channel.MAIL)
    ACCOUNT_RESUMED = ("account_resumed", Channel.MAIL)
    CERTIFICATE_SUSPENDED = ("certificate_suspended", Channel.MAIL)
    CERTIFICATE_RESUMED = ("certificate_resumed", Channel.MAIL)
    CERTIFICATE_REVOKED = ("certificate_revoked", Channel.MAIL)
    CERTIFICATE_EXPIRED = ("certificate_expired", Channel.MAIL)
    """Of one that nothing was issued in place of."""
    APPROVAL_WANTED = ("approval_wanted", Channel.MAIL)
    """A program waits for an approval on our page (CSC v2 11.6)."""
    SIGNING_CODE = ("signing_code", Channel.SMS)
    """credentials/sendOTP (CSC v1 11.8), credentials/getChallenge (CSC v2 11.8)."""

    def __init__(self, word: str, channel: Channel) -> None:
        self.word = word
        self.channel = channel

    @classmethod
    def of_word(cls, word: str) -> MessageKind:
        """The kind that the store calls so.

        Raises:
            KeyError: No such kind.
        """
        return _BY_WORD[word]


_BY_WORD = {kind.word: kind for kind in MessageKind}

FACTS: Final = {
    MessageKind.INVITATION: frozenset({"name", "link"}),
    MessageKind.ALREADY_REGISTERED: frozenset({"name", "link"}),
    MessageKind.PHONE_CODE: frozenset({"code"}),
    MessageKind.PAIRING_CODE: frozenset({"code"}),
    MessageKind.PAIRING_INVITATION: frozenset({"name", "link"}),
    MessageKind.PASSWORD_LINK: frozenset({"name", "link"}),
    MessageKind.PASSWORD_CODE: frozenset({"code"}),
    MessageKind.EMAIL_CODE: frozenset({"name", "code"}),
    MessageKind.NEW_PHONE_CODE: frozenset({"code"}),
    MessageKind.PHONE_CHANGED: frozenset({"name", "old_phone", "new_phone"}),
    MessageKind.PASSWORD_CHANGED: frozenset({"name"}),
    MessageKind.AUTHENTICATOR_PAIRED: frozenset({"name"}),
    MessageKind.AUTHENTICATOR_REPLACED: frozenset({"name"}),
    MessageKind.LOGIN_LOCKED: frozenset({"name", "link"}),
    MessageKind.ACCOUNT_SUSPENDED: frozenset({"name"}),
    MessageKind.ACCOUNT_RESUMED: frozenset({"name"}),
    MessageKind.CERTIFICATE_SUSPENDED: frozenset({"name", "serial"}),
    MessageKind.CERTIFICATE_RESUMED: frozenset({"name", "serial"}),
    MessageKind.CERTIFICATE_REVOKED: frozenset({"name", "serial"}),
    MessageKind.CERTIFICATE_EXPIRED: frozenset({"name", "serial"}),
    MessageKind.APPROVAL_WANTED: frozenset({"name", "link"}),
    MessageKind.SIGNING_CODE: frozenset({"code"}),
}
"""What each kind's words need, no more and no less.

``name``: first and last name. ``link``: an absolute URL. ``code``: digits. ``old_phone``,
``new_phone``: partly masked (``policies.masks``; J5). ``serial``: a certificate's, hexadecimal.
How long a code or a link works, and when the event was, are told from the message's own instants.
"""

LONGEST_NAME: Final = 80
_IN_NAMES: Final = frozenset(" -'\u2019")


def greeted(name: str) -> str:
    """The name to greet by; empty when it could be anything but a name.

    An invitation greets by what a stranger typed and goes wherever a stranger wants: a name that
    a mail program shows as a link, or that is an advertisement, is left out. (J1.1)
    """
    name = " ".join(name.split())
    # A full stop only where an initial has one, so that no host name fits: "J. R. Ionescu".
    letters = name.replace(". ", " ").removesuffix(".")
    if len(name) > LONGEST_NAME or not all(one.isalpha() or one in _IN_NAMES for one in letters):
        return ""
    return name
