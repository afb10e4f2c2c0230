"""A mail as it travels: headers that never change between attempts, text and HTML. (RFC 5322)

Headers are made by ``email``'s modern policy, which refuses line breaks in values: facts cannot
become headers. Addresses outside ASCII are refused, for few relays take them (providers 4).
"""

from __future__ import annotations

import re
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from typing import Final

from csc_server.ports.messages import MailText, NewMessage

# No 8-bit bodies: a relay need not take them (RFC 6152), and DKIM survives what it re-encodes.
WIRE: Final = policy.SMTP.clone(cte_type="7bit")
_ATOM: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
# RFC 5322 3.4.1, dot-atom on the left: nothing that needs quoting, so nothing that breaks out.
_ADDRESS: Final = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*")
_LONGEST_ADDRESS: Final = 254
"""RFC 5321 4.5.3.1.3, less the angle brackets."""


class AddressUnusable(ValueError):
    """No mail can go there; the text does not say where."""


def letter(message: NewMessage, words: MailText, sender: Address) -> EmailMessage:
    """The mail to one person.

    Raises:
        AddressUnusable: The recipient is no ASCII address, or would break a header.
    """
    recipient = address(message.recipient)
    made = EmailMessage(policy=WIRE)
    made["From"] = sender
    made["To"] = recipient
    made["Subject"] = words.subject
    # Fixed when the message was written, the same on every attempt (providers 4).
    made["Date"] = message.created_at
    made["Message-ID"] = message_id(message, sender.domain)
    # RFC 3834 5: nobody's absence notice shall answer.
    made["Auto-Submitted"] = "auto-generated"
    made["X-Auto-Response-Suppress"] = "All"
    made.set_content(words.text)
    made.add_alternative(words.html, subtype="html")
    # Last: making the parts moves such headers into the first of them.
    made["Content-Language"] = message.language.value
    return made


def address(text: str, display_name: str = "") -> Address:
    """An address of our own or of a recipient.

    Raises:
        AddressUnusable: It is not one.
    """
    if len(text) > _LONGEST_ADDRESS or not _ADDRESS.fullmatch(text):
        raise AddressUnusable("not an address that mail can go to")
    return Address(display_name=display_name, addr_spec=text)


def message_id(message: NewMessage, domain: str) -> str:
    """The same on every attempt, so that a second copy is known as one. (RFC 5322 3.6.4)"""
    return f"<{message.message_id}.{message.kind.word}@{domain}>"
