"""Which mail relay and SMS gateway an instance has: settings to senders.

Secrets are read from their files here, once, at the start.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from csc_server.adapters import outbox
from csc_server.adapters.mail import letter, smtp
from csc_server.adapters.mail.smtp import Relay, SmtpMail, Tls
from csc_server.adapters.messages.renderer import WordsRenderer, WordsUnfit
from csc_server.adapters.outbox import OutboxMail, OutboxSms
from csc_server.adapters.sms import http
from csc_server.adapters.sms.http import Encoding, Gateway, HttpSms
from csc_server.config import ConfigurationRefused, Settings
from csc_server.ports import Clock
from csc_server.ports.messages import MailSender, Outbox, SmsSender
from policies.secret import Password, Secret

_UNUSABLE: Final = (
    OSError,
    letter.AddressUnusable,
    smtp.PlainToStrangers,
    http.PlainToStrangers,
    WordsUnfit,
)


@asynccontextmanager
async def senders(
    settings: Settings, kept: Outbox, clock: Clock
) -> AsyncIterator[tuple[MailSender, SmsSender]]:
    """Both senders, while the context lasts.

    Raises:
        ConfigurationRefused: A secret cannot be read, or a setting cannot be used.
    """
    async with AsyncExitStack() as stack:
        try:
            mail, sms = _mail(settings, kept, clock), _sms(settings, kept, clock)
        except _UNUSABLE as reason:
            raise ConfigurationRefused(f"mail or sms: {reason}") from reason
        if isinstance(sms, HttpSms):
            await stack.enter_async_context(sms)
        ends_here = {"mail": settings.mail.kind, "sms": settings.sms.kind}
        if kinds := [channel for channel, kind in ends_here.items() if kind == "outbox"]:
            outbox.warn(*kinds)
        yield mail, sms


def renderer(settings: Settings, clock: Clock) -> WordsRenderer:
    """The words of this instance.

    Raises:
        ConfigurationRefused: Brand and host are too long for an SMS.
    """
    made = WordsRenderer(settings.service.name, _host(settings))
    try:
        made.check(clock.now())
    except WordsUnfit as reason:
        raise ConfigurationRefused(f"service.name and public_url: {reason}") from reason
    return made


def _mail(settings: Settings, kept: Outbox, clock: Clock) -> MailSender:
    about = settings.mail
    # Checked for the outbox too: what cannot be sent should be found in development.
    sender = letter.address(about.sender, settings.service.name)
    if about.host is None or about.kind == "outbox":
        return OutboxMail(kept, clock, sender)
    password = _secret(settings, about.password_file)
    return SmtpMail(
        Relay(
            host=about.host,
            port=about.port,
            tls=Tls(about.tls),
            local_hostname=about.local_hostname or _host(settings),
            sender=sender,
            bounces=letter.address(about.bounces or about.sender).addr_spec,
            limit_s=about.limit_s,
            username=about.username,
            password=Password(password) if password is not None else None,
            ca_file=str(settings.path(about.ca_file)) if about.ca_file else None,
        )
    )


def _sms(settings: Settings, kept: Outbox, clock: Clock) -> OutboxSms | HttpSms:
    about = settings.sms
    if about.url is None or about.kind == "outbox":
        return OutboxSms(kept, clock)
    secret = _secret(settings, about.secret_file)
    return HttpSms(
        Gateway(
            url=about.url,
            encoding=Encoding(about.encoding),
            headers=about.headers,
            body=about.body,
            success=re.compile(about.success),
            throttled=re.compile(about.throttled) if about.throttled else None,
            reference=re.compile(about.reference) if about.reference else None,
            limit_s=about.limit_s,
            secret=Secret(secret) if secret is not None else None,
        )
    )


def _secret(settings: Settings, file: Path | None) -> str | None:
    return settings.path(file).read_text().strip() if file is not None else None


def _host(settings: Settings) -> str:
    return urlsplit(settings.base_url).hostname or "localhost"
