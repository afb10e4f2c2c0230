"""Mail over SMTP: the port ``MailSender``. (RFC 5321; RFC 3207; RFC 8314)

One connection a mail. TLS is demanded, never taken as offered: a relay that drops STARTTLS from
its greeting gets no mail and no password. Plain SMTP goes to this machine alone. What a reply
means for the message is a row of ``_meaning``; who tries again when is ``policies.delivery``.
"""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from dataclasses import dataclass
from email.headerregistry import Address
from enum import StrEnum
from typing import Final

import aiosmtplib
from aiosmtplib import errors

from csc_server.adapters.mail.letter import AddressUnusable, letter
from csc_server.ports.messages import Attempt, MailText, NewMessage
from policies.delivery import Outcome
from policies.secret import Password


class Tls(StrEnum):
    """How the connection is protected."""

    STARTTLS = "starttls"
    """Upgraded before anything else is said; port 587."""
    IMPLICIT = "implicit"
    """From the first byte; port 465."""
    NONE = "none"
    """Not at all; to this machine alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Relay:
    """Where our mail goes, and as whom."""

    host: str
    port: int
    tls: Tls
    local_hostname: str
    """Our own name in EHLO, which would otherwise be that of a container."""
    sender: Address
    """The ``From`` of every mail."""
    bounces: str
    """Address of the envelope, where failures are reported."""
    limit_s: float
    """Longest that one attempt may take."""
    username: str | None = None
    password: Password | None = None
    ca_file: str | None = None
    """PEM of the authorities that the relay's certificate may come from; else the system's."""


class PlainToStrangers(ValueError):
    """A relay elsewhere, without TLS."""


_ABOUT_THE_MAIL: Final = (errors.SMTPRecipientRefused, errors.SMTPDataError)
"""Final refusals of this recipient or this content; any other is about us."""


class SmtpMail:
    """Hands mails to one relay."""

    def __init__(self, relay: Relay) -> None:
        """Not connected.

        Raises:
            PlainToStrangers: Without TLS, to another machine.
            OSError, ssl.SSLError: The file with authorities cannot be used.
        """
        if relay.tls is Tls.NONE and not _is_here(relay.host):
            raise PlainToStrangers(relay.host)
        self._relay = relay
        self._tls = ssl.create_default_context(cafile=relay.ca_file)

    async def send(self, message: NewMessage, words: MailText) -> Attempt:
        """Try once; see ``MailSender``."""
        try:
            content = letter(message, words, self._relay.sender).as_bytes()
        except AddressUnusable as reason:
            return Attempt(Outcome.REFUSED, str(reason))
        client = self._client()
        handed_over = False
        try:
            async with asyncio.timeout(self._relay.limit_s):
                await client.connect()
                await client.mail(self._relay.bounces, encoding="ascii")
                await client.rcpt(message.recipient, encoding="ascii")
                handed_over = True
                response = await client.data(content)
        except (errors.SMTPException, OSError, TimeoutError) as error:
            return _meaning(error, handed_over=handed_over)
        finally:
            # The relay has answered, or never will: nothing hangs on a polite goodbye.
            client.close()
        return Attempt(Outcome.ACCEPTED, str(response.code), _queue_id(response.message))

    def _client(self) -> aiosmtplib.SMTP:
        relay = self._relay
        return aiosmtplib.SMTP(
            hostname=relay.host,
            port=relay.port,
            username=relay.username,
            password=relay.password.value if relay.password else None,
            local_hostname=relay.local_hostname,
            timeout=relay.limit_s,
            use_tls=relay.tls is Tls.IMPLICIT,
            # Never None, which would go on in the clear when the relay does not offer TLS.
            start_tls=relay.tls is Tls.STARTTLS,
            tls_context=self._tls,
        )


def _meaning(error: Exception, *, handed_over: bool) -> Attempt:
    """What a failure says about the mail. (providers 4)

    Args:
        handed_over: The content may have been sent when it happened.
    """
    if isinstance(error, ssl.SSLError) or isinstance(error.__cause__, ssl.SSLError):
        return Attempt(Outcome.MISCONFIGURED, type(error.__cause__ or error).__name__)
    if isinstance(error, errors.SMTPResponseException):
        # The relay's own text may repeat the address: only its number is kept.
        reason = f"{type(error).__name__} {error.code}"
        if error.code < 500:
            return Attempt(Outcome.TRANSIENT, reason)
        about_it = isinstance(error, _ABOUT_THE_MAIL)
        return Attempt(Outcome.REFUSED if about_it else Outcome.MISCONFIGURED, reason)
    reason = type(error).__name__
    if handed_over:
        return Attempt(Outcome.UNKNOWN, reason)
    if isinstance(error, errors.SMTPConnectError | errors.SMTPServerDisconnected | OSError):
        return Attempt(Outcome.TRANSIENT, reason)
    # No STARTTLS, no way to log in that both know: nothing that time mends.
    return Attempt(Outcome.MISCONFIGURED, reason)


def _queue_id(text: str) -> str | None:
    """What relays say after ``250 Ok: queued as``; printable and short, or nothing."""
    last = text.split()[-1:] or [""]
    return last[0][:64] if last[0].isascii() and last[0].isprintable() and last[0] else None


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
