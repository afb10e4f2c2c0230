"""An EJBCA for tests: speaks the documented part of its REST API over TLS, and fails as told.

(providers 6.2 to 6.4) Its certificates are made with our own builder, from the DN that it was sent
and the key of the request, like a profile would.
"""

from __future__ import annotations

import asyncio
import itertools
import ssl
from base64 import b64encode
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from aiohttp import web
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from csc_server.adapters.ca.ejbca import Where
from pki import authority, profiles
from pki.authority import Order
from tests.pki import golden
from tests.pki.golden import Golden

CA_NAME = "IssuingCA"
ISSUER_DN = "CN=Example CA G1,O=Example\\, Trust SRL,C=RO"
_WORDS = {
    "SN": NameOID.SERIAL_NUMBER,
    "pseudonym": NameOID.PSEUDONYM,
    "GIVENNAME": NameOID.GIVEN_NAME,
    "SURNAME": NameOID.SURNAME,
}
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Issued:
    """One certificate of the stub."""

    username: str
    der: bytes
    state: str | None = None
    """Reason of its revocation."""


@dataclass
class Ejbca:
    """What it knows, and how it is to fail."""

    pki: Golden
    url: str = ""
    issued: list[Issued] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)
    seen: list[dict[str, Any]] = field(default_factory=list)
    """Bodies of enrolments."""
    failing: dict[str, list[str]] = field(default_factory=dict)
    """Word of a call to what happens to the next ones: ``lost``, ``hang``, ``html`` or a status."""
    spoil: Callable[[Order], Order] = lambda order: order
    _serials: Any = field(default_factory=lambda: itertools.count(0xE1BCA << 100))

    def of(self, username: str) -> list[Issued]:
        """Certificates of one end entity."""
        return [one for one in self.issued if one.username == username]

    def where(self, **changes: Any) -> Where:
        """How it is reached."""
        words: dict[str, Any] = {
            "url": self.url,
            "ca_name": CA_NAME,
            "certificate_profiles": {"signature": "SignerNatural"},
            "end_entity_profile": "SignerEEP",
            "timeout_s": 5.0,
        }
        return Where(**{**words, **changes})

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Every call."""
        path = request.rel_url.raw_path.partition("/ejbca-rest-api/")[2]
        word = path.rpartition("/")[2]
        self.calls[word] += 1
        # The client certificate is on record of the connection: TLS asked for it.
        assert request.transport is not None
        assert request.transport.get_extra_info("peercert")
        fails = (self.failing.get(word) or [""]).pop(0)
        if fails == "hang":
            await asyncio.sleep(3600)
        if fails == "html":
            return web.Response(status=404, text="<html>no such page</html>")
        if fails.isdigit():
            return _error(int(fails), "as told")
        answer = await self._answer(request, path, word)
        if fails == "lost":
            request.transport.abort()
        return answer

    async def _answer(self, request: web.Request, path: str, word: str) -> web.StreamResponse:
        if path == "v1/ca":
            authorities = [{"id": 1, "name": CA_NAME, "subject_dn": ISSUER_DN}]
            return web.json_response({"certificate_authorities": authorities})
        if path == "v1/certificate/pkcs10enroll":
            return await self._enrol(await request.json())
        if path == "v1/certificate/search":
            return self._search(await request.json())
        _, _, issuer, serial, verb = path.split("/")
        if unquote(issuer) != ISSUER_DN:
            return _error(404, "CA not found")
        found = [one for one in self.issued if _serial(one.der) == serial.upper()]
        if not found:
            return _error(404, "certificate not found")
        if verb == "revoke":
            return self._revoke(found[0], request.query["reason"])
        return web.json_response(_status(found[0]))

    async def _enrol(self, body: dict[str, Any]) -> web.StreamResponse:
        self.seen.append(body)
        csr = x509.load_pem_x509_csr(body["certificate_request"].encode())
        named = x509.Name.from_rfc4514_string(body["subject_dn"], _WORDS)
        order = Order(
            profiles.SIGNATURE,
            asn1.Name.load(named.public_bytes()),
            csr.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
            timedelta(days=365),
        )
        number, order = next(self._serials), self.spoil(order)
        der = await authority.issue(self.pki.issuing, order, number, golden.NOW)
        self.issued.append(Issued(body["username"], der))
        answer = {
            "certificate": b64encode(der).decode(),
            "serial_number": _serial(der),
            "response_format": "DER",
            "certificate_profile": body["certificate_profile_name"],
            "end_entity_profile": body["end_entity_profile_name"],
        }
        return web.json_response(answer, status=201)

    def _search(self, body: dict[str, Any]) -> web.StreamResponse:
        [criterion] = body["criteria"]
        assert (criterion["property"], criterion["operation"]) == ("QUERY", "EQUAL")
        found = [
            # Some versions encode twice.
            {
                "certificate": b64encode(b64encode(one.der)).decode(),
                "serial_number": _serial(one.der),
            }
            for one in self.of(criterion["value"])
        ]
        return web.json_response({"certificates": found, "more_results": False})

    def _revoke(self, one: Issued, reason: str) -> web.StreamResponse:
        if reason == "NOT_REVOKED":
            if one.state not in (None, "CERTIFICATE_HOLD"):
                return _error(409, "cannot be reactivated")
            one.state = None
        elif one.state not in (None, "CERTIFICATE_HOLD"):
            return _error(409, "already revoked")
        else:
            one.state = reason
        return web.json_response(_status(one))


def _status(one: Issued) -> dict[str, Any]:
    return {
        "issuer_dn": ISSUER_DN,
        "serial_number": _serial(one.der),
        "revoked": one.state is not None,
        "revocation_reason": one.state,
    }


def _serial(der: bytes) -> str:
    return f"{asn1.Certificate.load(der).serial_number:X}"


def _error(status: int, text: str) -> web.Response:
    body = {"error_code": status, "error_message": text}
    if status == 202:
        body = {"status_code": 202, "info_message": f"{text}, request ID 7"}
    return web.json_response(body, status=status)


@dataclass(frozen=True)
class Tls:
    """Files of a small world of TLS."""

    directory: Path

    def server(self) -> ssl.SSLContext:
        """Asks for a client certificate."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=self.directory / "ca")
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_cert_chain(self.directory / "server", self.directory / "server.key")
        return context

    def client(self, *, named: bool = True, cafile: str = "ca") -> ssl.SSLContext:
        """Of who asks."""
        context = ssl.create_default_context(cafile=self.directory / cafile)
        if named:
            context.load_cert_chain(self.directory / "client", self.directory / "client.key")
        return context


def make_tls(directory: Path) -> Tls:
    """An authority, a server, a client, and an authority of others."""
    key, certificate = _tls_certificate("Test TLS CA", None, None)
    _write(directory, "ca", key, certificate)
    _write(directory, "others", *_tls_certificate("Other TLS CA", None, None))
    for name in ("server", "client"):
        _write(directory, name, *_tls_certificate(name, key, certificate))
    return Tls(directory)


def _tls_certificate(
    name: str, issuer_key: ec.EllipticCurvePrivateKey | None, issuer: x509.Certificate | None
) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    day = timedelta(days=1)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(golden.NOW - day)
        .not_valid_after(golden.NOW + day)
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
    )
    if issuer is not None:
        usages = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        host = x509.SubjectAlternativeName([x509.DNSName("localhost")])
        builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        builder = builder.add_extension(host, critical=False)
    return key, builder.sign(issuer_key or key, hashes.SHA256())


def _write(
    directory: Path, name: str, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate
) -> None:
    (directory / name).write_bytes(certificate.public_bytes(Encoding.PEM))
    (directory / f"{name}.key").write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )


@asynccontextmanager
async def running(pki: Golden, tls: Tls) -> AsyncIterator[Ejbca]:
    """The stub, while the context lasts."""
    stub = Ejbca(pki)
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", stub.handle)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "localhost", 0, ssl_context=tls.server())
        await site.start()
        stub.url = f"https://localhost:{runner.addresses[0][1]}/ejbca/ejbca-rest-api"
        yield stub
    finally:
        await runner.cleanup()
