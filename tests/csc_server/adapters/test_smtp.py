"""The SMTP adapter against a relay that refuses, stalls, hangs up and lies. (providers 4)"""

from __future__ import annotations

from email.headerregistry import Address
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from csc_server.adapters.mail import letter, smtp
from csc_server.adapters.mail.letter import AddressUnusable
from csc_server.adapters.mail.smtp import PlainToStrangers, SmtpMail, Tls
from csc_server.ports.messages import Attempt, MailText, NewMessage
from policies.delivery import Outcome
from policies.messages import Language, MessageKind
from policies.secret import Password
from tests import mail
from tests.build import HOUR, T0

LINK = "https://sign.example/register/canary-link"
WORDS = MailText("Creați-vă contul Paraph", f"Bună ziua,\n\n{LINK}\n.\n..x\n", f"<p>ă {LINK}</p>")
TAKEN = Attempt(Outcome.ACCEPTED, "250", "4Bq7")


def message(recipient: str = "ana@example.org") -> NewMessage:
    """An invitation."""
    return NewMessage(
        message_id="0123456789abcdef0123456789abcdef",
        kind=MessageKind.INVITATION,
        recipient=recipient,
        language=Language.RO,
        facts={"name": "Ana", "link": LINK},
        account_id=None,
        created_at=T0,
        expires_at=T0 + HOUR,
    )


def sender(port: int, **changes: Any) -> SmtpMail:
    """Of the test's relay, without TLS unless said otherwise."""
    values: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": port,
        "tls": Tls.NONE,
        "local_hostname": "sign.example",
        "sender": Address("Paraph Semnătură", addr_spec="no-reply@mail.example"),
        "bounces": "bounces@mail.example",
        "limit_s": 5.0,
    }
    return SmtpMail(smtp.Relay(**{**values, **changes}))


@pytest.fixture(scope="module")
def trusted(tmp_path_factory: pytest.TempPathFactory) -> mail.Certificates:
    """The authority that the sender trusts."""
    return mail.certificates(tmp_path_factory.mktemp("trusted"))


@pytest.fixture(scope="module")
def strange(tmp_path_factory: pytest.TempPathFactory) -> mail.Certificates:
    """One that it does not."""
    return mail.certificates(tmp_path_factory.mktemp("strange"))


async def test_a_mail_as_it_arrives() -> None:
    """Headers, envelope, our own name, text before HTML, letters whole, dots kept."""
    async with mail.relay() as relay:
        assert await sender(relay.port).send(message(), WORDS) == TAKEN
    [made] = relay.taken
    assert made["Subject"] == "Creați-vă contul Paraph"
    assert made["From"] == "Paraph Semnătură <no-reply@mail.example>"
    assert made["To"] == "ana@example.org"
    assert made["Date"].datetime == T0
    assert made["Message-ID"] == "<0123456789abcdef0123456789abcdef.invitation@mail.example>"
    assert made["Content-Language"] == "ro"
    assert made["Auto-Submitted"] == "auto-generated"
    assert made["X-Auto-Response-Suppress"] == "All"
    text, html = made.iter_parts()
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert text.get_content().replace("\r\n", "\n") == WORDS.text
    assert html.get_content().strip() == WORDS.html
    assert relay.envelopes == [("bounces@mail.example", ["ana@example.org"], "sign.example")]


def test_everything_on_the_wire_is_ascii() -> None:
    """Subject and sender as encoded words (RFC 2047), bodies encoded, lines within RFC 5322."""
    address = Address("Paraph Semnătură", addr_spec="no-reply@mail.example")
    content = letter.letter(message(), WORDS, address).as_bytes()
    assert content.isascii()
    assert b"Subject: =?utf-8?" in content
    assert all(len(line) <= 998 for line in content.split(b"\r\n"))


async def test_every_attempt_has_the_same_headers() -> None:
    """A second copy can be told from a second mail."""
    async with mail.relay() as relay:
        for _ in range(2):
            await sender(relay.port).send(message(), WORDS)
    first, second = ([(k, v) for k, v in one.items() if "boundary" not in v] for one in relay.taken)
    assert first == second


@pytest.mark.parametrize("tls", [Tls.STARTTLS, Tls.IMPLICIT])
async def test_tls_and_login(trusted: mail.Certificates, tls: Tls) -> None:
    """Either way of TLS; the password goes over it."""
    context = trusted.context_for("127.0.0.1")
    async with mail.relay(tls=context, implicit=tls is Tls.IMPLICIT, login=True) as relay:
        ours = {"tls": tls, "ca_file": str(trusted.ca)}
        who = {"username": "paraph", "password": Password(mail.PASSWORD)}
        assert await sender(relay.port, **ours, **who).send(message(), WORDS) == TAKEN
    assert relay.over_tls == [True]
    assert relay.logins == [mail.PASSWORD.encode()]


async def test_a_wrong_password_is_our_fault(trusted: mail.Certificates) -> None:
    """The mail is not lost for it."""
    async with mail.relay(tls=trusted.context_for("127.0.0.1"), login=True) as relay:
        ours = {"tls": Tls.STARTTLS, "ca_file": str(trusted.ca)}
        who = {"username": "paraph", "password": Password("wrong")}
        attempt = await sender(relay.port, **ours, **who).send(message(), WORDS)
    assert attempt == Attempt(Outcome.MISCONFIGURED, "SMTPAuthenticationError 535")
    assert relay.taken == []


async def test_a_relay_without_starttls_gets_nothing() -> None:
    """Neither mail nor password, when somebody took STARTTLS out of the greeting."""
    async with mail.relay(login=True) as relay:
        who = {"username": "paraph", "password": Password(mail.PASSWORD)}
        attempt = await sender(relay.port, tls=Tls.STARTTLS, **who).send(message(), WORDS)
    assert attempt.outcome is Outcome.MISCONFIGURED
    assert (relay.taken, relay.logins) == ([], [])


@pytest.mark.parametrize("tls", [Tls.STARTTLS, Tls.IMPLICIT])
@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2"])
async def test_a_bad_certificate_gets_nothing(
    trusted: mail.Certificates, strange: mail.Certificates, tls: Tls, host: str
) -> None:
    """Of a strange authority, or for another host."""
    context = (strange if host == "127.0.0.1" else trusted).context_for(host)
    async with mail.relay(tls=context, implicit=tls is Tls.IMPLICIT) as relay:
        ours = {"tls": tls, "ca_file": str(trusted.ca)}
        attempt = await sender(relay.port, **ours).send(message(), WORDS)
    assert attempt == Attempt(Outcome.MISCONFIGURED, "SSLCertVerificationError")
    assert relay.taken == []


@pytest.mark.parametrize(
    ("replies", "attempt"),
    [
        ({"EHLO": ["421 Busy"]}, Attempt(Outcome.TRANSIENT, "SMTPHeloError 421")),
        ({"MAIL": ["421 Closing"]}, Attempt(Outcome.TRANSIENT, "SMTPSenderRefused 421")),
        ({"MAIL": ["530 Log in"]}, Attempt(Outcome.MISCONFIGURED, "SMTPSenderRefused 530")),
        ({"RCPT": ["421 Closing"]}, Attempt(Outcome.TRANSIENT, "SMTPRecipientRefused 421")),
        ({"RCPT": ["451 Grey"]}, Attempt(Outcome.TRANSIENT, "SMTPRecipientRefused 451")),
        ({"RCPT": ["550 Unknown"]}, Attempt(Outcome.REFUSED, "SMTPRecipientRefused 550")),
        ({"DATA": ["421 Closing"]}, Attempt(Outcome.TRANSIENT, "SMTPDataError 421")),
        ({"DATA": ["452 Full"]}, Attempt(Outcome.TRANSIENT, "SMTPDataError 452")),
        ({"DATA": ["552 Too big"]}, Attempt(Outcome.REFUSED, "SMTPDataError 552")),
        ({"DATA": ["554 Spam"]}, Attempt(Outcome.REFUSED, "SMTPDataError 554")),
        ({"MAIL": ["drop"]}, Attempt(Outcome.TRANSIENT, "SMTPServerDisconnected")),
        ({"RCPT": ["drop"]}, Attempt(Outcome.TRANSIENT, "SMTPServerDisconnected")),
        ({"DATA": ["drop"]}, Attempt(Outcome.UNKNOWN, "SMTPServerDisconnected")),
    ],
)
async def test_what_replies_mean(replies: dict[str, list[str]], attempt: Attempt) -> None:
    """Not now, never, our fault, or nobody knows. The relay's words are not repeated."""
    async with mail.relay(replies) as relay:
        assert await sender(relay.port).send(message(), WORDS) == attempt


@pytest.mark.parametrize(
    ("command", "outcome"), [("RCPT", Outcome.TRANSIENT), ("DATA", Outcome.UNKNOWN)]
)
async def test_a_relay_that_says_nothing(command: str, outcome: Outcome) -> None:
    """Given up after the limit; before the content was sent nothing was taken."""
    async with mail.relay({command: ["stall"]}) as relay:
        attempt = await sender(relay.port, limit_s=0.2).send(message(), WORDS)
    assert attempt.outcome is outcome
    assert len(relay.taken) == (outcome is Outcome.UNKNOWN)


async def test_nobody_listens() -> None:
    """Tried again later."""
    async with mail.relay() as relay:
        port = relay.port
    attempt = await sender(port).send(message(), WORDS)
    assert attempt == Attempt(Outcome.TRANSIENT, "SMTPConnectError")


async def test_451_then_250() -> None:
    """The second attempt succeeds."""
    async with mail.relay({"DATA": ["451 Later"]}) as relay:
        outcomes = [(await sender(relay.port).send(message(), WORDS)).outcome for _ in range(2)]
    assert outcomes == [Outcome.TRANSIENT, Outcome.ACCEPTED]
    assert len(relay.taken) == 1


@pytest.mark.parametrize(
    "recipient",
    [
        "ana@example.org\r\nBcc: mallory@evil.example",
        "ana@example.org\nRCPT TO:<mallory@evil.example>",
        "ana@example.org, mallory@evil.example",
        "<ana@example.org> SIZE=1",
        "Ana <ana@example.org>",
        "ană@example.org",
        "ana@exämple.org",
        "ana",
        "@example.org",
        "ana@",
        "",
        "a" * 250 + "@example.org",
    ],
)
async def test_no_recipient_breaks_out(recipient: str) -> None:
    """Refused before anything is said, without naming it."""
    async with mail.relay() as relay:
        attempt = await sender(relay.port).send(message(recipient), WORDS)
    assert attempt.outcome is Outcome.REFUSED
    assert recipient not in attempt.reason or recipient == ""
    assert relay.sessions == 0


def test_no_subject_breaks_out() -> None:
    """A line break in a header is refused by the policy that writes it."""
    with pytest.raises(ValueError, match="linefeed or carriage return"):
        letter.letter(
            message(),
            MailText("Fact\r\nBcc: mallory@evil.example", "", ""),
            letter.address("no-reply@mail.example"),
        )


def test_a_sender_that_is_no_address() -> None:
    """Found when the relay is set up."""
    for text in ("no-reply", "a@b\r\nX: y", "Paraph <a@b>"):
        with pytest.raises(AddressUnusable):
            letter.address(text)


@pytest.mark.parametrize("host", ["relay.example", "192.0.2.1", "localhost.evil.example"])
def test_plain_goes_to_this_machine_alone(host: str) -> None:
    """Anything else refuses to start."""
    with pytest.raises(PlainToStrangers):
        sender(25, host=host)
    for here in ("localhost", "127.0.0.1", "::1"):
        sender(25, host=here)


async def test_nothing_is_logged(trusted: mail.Certificates, tmp_path: Path) -> None:
    """No secret in any reason, repr or log line, come what may."""
    with capture_logs() as logs:
        async with mail.relay({"DATA": ["554 no, canary-link"]}, login=True) as relay:
            who = {"username": "paraph", "password": Password("wrong-canary")}
            attempts = [
                await sender(relay.port).send(message(), WORDS),
                await sender(relay.port, **who).send(message(), WORDS),
            ]
    assert "canary" not in repr((logs, attempts, message(), WORDS))
