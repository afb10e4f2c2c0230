"""Addresses that clients send are never asked: a trap listens, nobody comes. (5.6)

Wherever a standard knows a parameter, a header or a member that is an address, in every disguise
of the loopback address. See ``tests/test_outbound.py`` for why.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import pytest

from tests.csc_server.oauth import clients, jwt
from tests.csc_server.oauth.driver import ASSERTION, Browser, Program
from tests.service import Client, digest_of

PLACES = (
    "127.0.0.1",
    "127.1",
    "0x7f.1",
    "2130706433",
    "0.0.0.0",  # noqa: S104 - asked for, not listened on
    "localhost",
    "[::ffff:127.0.0.1]",
    "localtest.me",
    "169.254.169.254",
)
"""What stands before the port; the last two are for whoever resolves names and asks clouds."""


@dataclass
class Trap:
    """Listens on both families."""

    port: int
    visits: list[str] = field(default_factory=list)
    came: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))

    def url(self, place: str, scheme: str = "http") -> str:
        """An address that leads here."""
        return f"{scheme}://{place}:{self.port}/trap?x=1"


@pytest.fixture
async def trap() -> AsyncIterator[Trap]:
    """Counts whoever connects."""
    made = Trap(0)

    async def visited(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        made.visits.append(str(writer.get_extra_info("peername")))
        made.came.release()
        writer.close()

    server = await asyncio.start_server(visited, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    yield made
    server.close()
    await server.wait_closed()


async def test_the_trap_works(trap: Trap) -> None:
    """Whoever asks is counted, in a disguise too."""
    for place in ("127.0.0.1", "127.1", "0x7f.1", "localhost"):
        _, writer = await asyncio.open_connection(place, trap.port)
        writer.close()
    async with asyncio.timeout(10):
        for _ in range(4):
            await trap.came.acquire()
    assert len(trap.visits) == 4


@pytest.mark.parametrize("place", PLACES)
async def test_no_address_of_a_client_is_asked(
    trap: Trap, browser: Browser, program: Program, program_of: Callable[..., Program], place: str
) -> None:
    """In the authorization request, pushed or not, in JWTs, and in requests to sign."""
    signer = program_of("signer")
    audience = signer.base_url
    for url in (trap.url(place), trap.url(place, "https")):
        for name in (
            "request_uri",
            "redirect_uri",
            "jwks_uri",
            "logo_uri",
            "client_uri",
            "policy_uri",
            "sector_identifier_uri",
            "response_uri",
            "client_id",
            "resource",
        ):
            landing = await browser.authorize(2, **program.request(**{name: url}))
            assert landing.status < 500
            assert (await program.push(**{name: url})).status < 500
        for name in ("jku", "x5u", "jwk_url"):
            header = {name: url, "kid": url}
            assertion = jwt.assertion(jwt.new_key(), "signer", audience, header=header)
            reply = await signer.post(
                "token",
                {
                    "grant_type": "client_credentials",
                    "client_assertion_type": ASSERTION,
                    "client_assertion": assertion,
                    "client_id": "signer",
                },
            )
            assert reply.status in (400, 401)
            endpoint = f"{audience}/csc/v2/oauth2/token"
            proof = jwt.proof(clients.KEY, endpoint, header={name: url})
            reply = await program.post("token", {}, headers={"DPoP": proof})
            assert reply.status in (400, 401)
    assert not trap.visits


@pytest.mark.parametrize("place", PLACES)
async def test_nobody_is_called_back(
    trap: Trap, browser: Browser, program: Program, credential: str, place: str
) -> None:
    """``response_uri`` is refused; a logo, a callback or a reference in a body is no member."""
    token = (await program.tokens(browser))["access_token"]
    api = Client(program.http, program.base_url, version=2)
    api.token = token
    url, document = trap.url(place), base64.b64encode(b"x").decode()
    item = {"document": document, "signature_format": "C", "signAlgo": "1.2.840.10045.4.3.2"}
    for method, body in (
        ("signatures/signHash", {"hashes": [base64.b64encode(digest_of("x")).decode()]}),
        ("signatures/signDoc", {"documents": [item | {"documentUrl": url, "policyURL": url}]}),
    ):
        wanted = {
            "credentialID": credential,
            "SAD": "x" * 43,
            "signAlgo": "1.2.840.10045.4.3.2",
            "operationMode": "A",
            "response_uri": url,
            "callback": url,
        }
        reply = await api.post(method, body | wanted)
        assert reply.status == 400
        assert "response_uri" in json.dumps(reply.body)
    assert not trap.visits
