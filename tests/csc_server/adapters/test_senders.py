"""Settings of mail and SMS: what is refused, what becomes a relay, a gateway, the outbox."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest
from structlog.testing import capture_logs

from csc_server import config
from csc_server.adapters import senders
from csc_server.adapters.clock import SystemClock
from csc_server.adapters.mail.smtp import SmtpMail
from csc_server.adapters.outbox import OutboxMail, OutboxSms
from csc_server.adapters.sms.http import HttpSms
from csc_server.config import ConfigurationRefused, Settings
from csc_server.ports.messages import MailSender, Outbox, SmsSender
from tests.mail import certificates

SMTP = '[mail]\nkind = "smtp"\nhost = "relay.example"\n'
PRODUCTION = (
    'environment = "production"\npublic_url = "https://sign.example"\n'
    'pki.public_url = "http://pki.sign.example"\n'
)
HTTP = (
    '[sms]\nkind = "http"\nurl = "https://gateway.example/send"\nbody = "{text}"\nsuccess = "ok"\n'
)


def settings(directory: Path, toml: str) -> Settings:
    """Of an instance with this file.

    Raises:
        ConfigurationRefused: As the service would say it.
    """
    (directory / config.FILE).write_text(toml)
    return config.load(directory)


@asynccontextmanager
async def opened(directory: Path, toml: str) -> AsyncIterator[tuple[MailSender, SmsSender]]:
    """The senders of this file."""
    kept, clock = cast(Outbox, None), SystemClock()
    async with senders.senders(settings(directory, toml), kept, clock) as both:
        yield both


@pytest.mark.parametrize(
    ("toml", "reason"),
    [
        (PRODUCTION, "mail: .*outbox sends nothing"),
        (f"{PRODUCTION}{SMTP}", "sms: .*outbox sends nothing"),
        (f"{PRODUCTION}{HTTP}", "mail: .*outbox sends nothing"),
        ('[mail]\nkind = "smtp"\n', "mail: .*needs host"),
        (f'{SMTP}username = "paraph"\n', "mail: .*go together"),
        (f'{SMTP}password_file = "secrets/mail"\n', "mail: .*go together"),
        (f"{SMTP}limit_s = 91\n", "mail.limit_s"),
        (f'{SMTP}tls = "maybe"\n', "mail.tls"),
        ('[mail]\nsender = "Paraph <a@b>"\n', "mail.sender"),
        ('[mail]\npassword = "secret"\n', "mail.password"),
        ('[sms]\nkind = "http"\n', "sms: .*needs url, body and success"),
        (f'{HTTP}throttled = "("\n', "sms.throttled: .*no regular expression"),
        ('[sms]\nurl = "gateway.example"\n', "sms.url"),
    ],
)
def test_settings_that_are_refused(tmp_path: Path, toml: str, reason: str) -> None:
    """At the start, with the key."""
    with pytest.raises(ConfigurationRefused, match=reason):
        settings(tmp_path, toml)


@pytest.mark.parametrize(
    ("toml", "reason"),
    [
        (f'{SMTP}tls = "none"\n', "relay.example"),
        (f'{SMTP}username = "a"\npassword_file = "nowhere"\n', "nowhere"),
        (f'{SMTP}ca_file = "nowhere.pem"\n', "No such file"),
        (HTTP.replace("https", "http"), "http://gateway.example"),
        (f'{HTTP}secret_file = "nowhere"\n', "nowhere"),
        ('[mail]\nsender = "a..b@paraph.example"\n', "not an address"),
    ],
)
async def test_settings_that_cannot_be_used(tmp_path: Path, toml: str, reason: str) -> None:
    """Refused when they are put to use."""
    with pytest.raises(ConfigurationRefused, match=reason):
        async with opened(tmp_path, toml):
            pass


async def test_a_brand_that_no_sms_bears(tmp_path: Path) -> None:
    """Found at the start, with the keys to change."""
    long = settings(tmp_path, f'[service]\nname = "{"Brand " * 20}"\n')
    with pytest.raises(ConfigurationRefused, match=r"service\.name and public_url"):
        senders.renderer(long, SystemClock())
    senders.renderer(settings(tmp_path, ""), SystemClock())


async def test_the_outbox_is_the_default_and_says_so(tmp_path: Path) -> None:
    """One warning, for what ends there."""
    for toml, ends in (("", ["mail", "sms"]), (SMTP, ["sms"]), (HTTP, ["mail"])):
        with capture_logs() as logs:
            async with opened(tmp_path, toml) as (mail, sms):
                assert isinstance(mail, OutboxMail) is ("mail" in ends)
                assert isinstance(sms, OutboxSms) is ("sms" in ends)
        assert [(one["event"], one["channels"]) for one in logs] == [("outbox_in_use", ends)]


async def test_a_relay_and_a_gateway_in_production(tmp_path: Path) -> None:
    """Secrets come from files, their line breaks do not; nothing is logged."""
    (tmp_path / "mail").write_text("relay-canary\n")
    (tmp_path / "sms").write_text("gateway-canary\n")
    certificates(tmp_path)
    toml = (
        f'{PRODUCTION}{SMTP}username = "a"\npassword_file = "mail"\nca_file = "ca.pem"\n'
        f'{HTTP}secret_file = "sms"\n'
    )
    with capture_logs() as logs:
        async with opened(tmp_path, toml) as (mail, sms):
            assert isinstance(mail, SmtpMail)
            assert isinstance(sms, HttpSms)
            relay: Any = mail._relay
            gateway: Any = sms._gateway
    assert relay.password.value == "relay-canary"
    assert gateway.secret.value == "gateway-canary"
    assert (relay.local_hostname, relay.bounces) == ("sign.example", "no-reply@paraph.example")
    assert str(relay.sender) == "Paraph <no-reply@paraph.example>"
    assert "canary" not in repr((logs, relay, gateway))
    assert logs == []
