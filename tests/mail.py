"""A mail relay for tests: aiosmtpd on the test's own loop, with scripted replies and real TLS."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
import warnings
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

PASSWORD = "relay-password-canary"


@dataclass
class Relay:
    """A relay that answers as told; what it took is in ``taken``."""

    port: int = 0
    replies: dict[str, list[str]] = field(default_factory=dict)
    """Command to replies in turn; then as usual. ``drop`` hangs up, ``stall`` says nothing."""
    taken: list[EmailMessage] = field(default_factory=list)
    envelopes: list[tuple[str, list[str], str]] = field(default_factory=list)
    """Sender, recipients and the client's name."""
    over_tls: list[bool] = field(default_factory=list)
    logins: list[bytes] = field(default_factory=list)
    sessions: int = 0
    stalled: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a scripted ``stall`` has begun."""

    async def handle_EHLO(  # noqa: N802 - the library's name
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, lines: list[str]
    ) -> list[str]:
        """Greet."""
        session.host_name = hostname
        self.sessions += 1
        if (said := await self._said("EHLO", server)) is not None:
            return [said]
        return lines

    async def handle_MAIL(  # noqa: N802 - the library's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any
    ) -> str:
        """Take a sender."""
        if (said := await self._said("MAIL", server)) is not None:
            return said
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(  # noqa: N802 - the library's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any
    ) -> str:
        """Take a recipient."""
        if (said := await self._said("RCPT", server)) is not None:
            return said
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - the library's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Take a mail; what is dropped here was taken all the same."""
        said = next(iter(self.replies.get("DATA", [])), None)
        if said is None or said in ("drop", "stall"):
            content = envelope.content
            assert isinstance(content, bytes)
            made = message_from_bytes(content, policy=policy.SMTP)
            assert isinstance(made, EmailMessage)
            self.taken.append(made)
            assert envelope.mail_from is not None
            name = str(session.host_name)
            self.envelopes.append((envelope.mail_from, envelope.rcpt_tos, name))
            assert server.transport is not None
            self.over_tls.append(server.transport.get_extra_info("sslcontext") is not None)
        return await self._said("DATA", server) or "250 OK queued as 4Bq7"

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        """Let in who knows the password."""
        assert isinstance(data, LoginPassword)
        self.logins.append(data.password)
        good = data.password == PASSWORD.encode()
        return AuthResult(success=good, handled=False)

    async def _said(self, command: str, server: SMTP) -> str | None:
        script = self.replies.get(command)
        if not script:
            return None
        said = script.pop(0)
        if said == "drop":
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
        if said in ("drop", "stall"):
            self.stalled.set()
            await asyncio.Event().wait()
        return said


@asynccontextmanager
async def relay(
    replies: dict[str, list[str]] | None = None,
    *,
    tls: ssl.SSLContext | None = None,
    implicit: bool = False,
    login: bool = False,
) -> AsyncIterator[Relay]:
    """A relay on a loopback port.

    Args:
        replies: By command; see ``Relay.replies``.
        tls: Offers STARTTLS with it, or speaks it from the first byte.
        login: Offers and demands a login.
    """
    made, sessions, loop = Relay(replies=replies or {}), [], asyncio.get_running_loop()

    def session() -> SMTP:
        options: dict[str, Any] = {"authenticator": made.authenticate, "auth_required": True}
        with warnings.catch_warnings(action="ignore"):  # it says that this is no real relay
            smtp = SMTP(
                made,
                hostname="relay.test",
                tls_context=None if implicit else tls,
                require_starttls=tls is not None and not implicit,
                auth_require_tls=False,
                loop=loop,
                **(options if login else {}),
            )
        sessions.append(smtp)
        return smtp

    server = await loop.create_server(session, "127.0.0.1", 0, ssl=tls if implicit else None)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        for one in sessions:
            if isinstance(one.transport, asyncio.Transport):
                one.transport.abort()
            # What hangs in a scripted reply ends with the test.
            if (handler := one._handler_coroutine) is not None:
                handler.cancel()
                await asyncio.wait([handler])


@dataclass(frozen=True)
class Certificates:
    """An authority and what it has issued, as files."""

    ca: Path
    context_for: Callable[[str], ssl.SSLContext]
    """A server's context whose certificate names this host."""


def certificates(directory: Path) -> Certificates:
    """A new authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Test authority")])
    ca = _certificate(name, name, key, key, None)
    (directory / "ca.pem").write_bytes(ca.public_bytes(serialization.Encoding.PEM))

    def context_for(host: str) -> ssl.SSLContext:
        own = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "relay")])
        issued = _certificate(subject, name, own, key, host)
        file = directory / f"{host}.pem"
        file.write_bytes(
            own.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            + issued.public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(file)
        return context

    return Certificates(directory / "ca.pem", context_for)


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    own: ec.EllipticCurvePrivateKey,
    signing: ec.EllipticCurvePrivateKey,
    host: str | None,
) -> x509.Certificate:
    now = datetime.now(UTC)
    authority = x509.SubjectKeyIdentifier.from_public_key(signing.public_key())
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(own.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=host is None, path_length=None), critical=True)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(authority),
            critical=False,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(own.public_key()), critical=False)
    )
    if host is None:
        usage = x509.KeyUsage(
            digital_signature=False,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=True,
            crl_sign=True,
            encipher_only=False,
            decipher_only=False,
        )
        builder = builder.add_extension(usage, critical=True)
    else:
        address = x509.IPAddress(ipaddress.ip_address(host))
        builder = builder.add_extension(x509.SubjectAlternativeName([address]), critical=False)
    return builder.sign(signing, hashes.SHA256())
