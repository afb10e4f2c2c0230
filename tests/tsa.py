"""A time-stamping authority for tests: real RFC 3161 tokens over HTTP, and knobs to make it lie."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from aiohttp import web
from asn1crypto import tsp
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from pki.tsa import tokens
from pki.tsa.requests import StampRequest
from pki.tsa.tokens import Draft, Unit
from policies.algorithms import HashAlgorithm, Scheme, SignAlgorithm
from tests.pki import golden

POLICY = "1.3.6.1.4.1.4146.2.2"
ECDSA = SignAlgorithm(Scheme.ECDSA, HashAlgorithm.SHA256)


@lru_cache(maxsize=1)
def identity() -> tuple[bytes, ec.EllipticCurvePrivateKey]:
    """Certificate (its own root, DER) and key of the authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test TSA")])
    now = datetime.now(UTC)
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(Encoding.DER), key


@dataclass
class Authority:
    """Answers queries; ``spoil`` changes the query before it is answered."""

    spoil: Callable[[tsp.TimeStampReq], tsp.TimeStampReq] = lambda query: query
    queries: list[tsp.TimeStampReq] = field(default_factory=list)
    down: bool = False

    stranger: bool = False
    """Sign with a key that is not the certificate's."""

    async def answer(self, query: bytes) -> bytes:
        """The DER TimeStampResp."""
        request = tsp.TimeStampReq.load(query, strict=True)
        self.queries.append(request)
        spoilt = self.spoil(request.copy())
        imprint, nonce = spoilt["message_imprint"], spoilt["nonce"]
        wanted = StampRequest(
            policy=POLICY,
            imprint=imprint.dump(),
            algorithm=HashAlgorithm.SHA256,
            digest=imprint["hashed_message"].native,
            nonce=nonce.dump() if nonce.native is not None else None,
            cert_req=True,
        )
        certificate, key = identity()
        if self.stranger:
            key = ec.generate_private_key(ec.SECP256R1())
        unit = Unit(certificate, (), ECDSA, golden.signer(key))
        now = datetime.now(UTC).replace(microsecond=0)
        return tokens.granted(await tokens.stamp(unit, Draft(wanted, len(self.queries), now)))

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """POST of RFC 3161 3.4."""
        if self.down:
            return web.Response(status=503)
        assert request.content_type == "application/timestamp-query"
        answer = await self.answer(await request.read())
        return web.Response(body=answer, content_type="application/timestamp-reply")

    def application(self) -> web.Application:
        """The authority at ``/tsa``."""
        application = web.Application()
        application.router.add_post("/tsa", self.handle)
        return application


@contextmanager
def running() -> Iterator[tuple[Authority, str]]:
    """An authority on a thread of its own, and its URL."""
    authority, loop = Authority(), asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def start() -> tuple[web.AppRunner, int]:
        runner = web.AppRunner(authority.application())
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port: int = runner.addresses[0][1]
        return runner, port

    runner, port = asyncio.run_coroutine_threadsafe(start(), loop).result(10)
    try:
        yield authority, f"http://127.0.0.1:{port}/tsa"
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
