"""One instance with everything started: web, status and authority."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
from asn1crypto import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_der_x509_certificate

from csc_server import app
from tests import ports, service
from tests.backdoor import Backdoor
from tests.csc_server.adapters import ntp_servers
from tests.csc_server.adapters.ntp_servers import TimeServer
from tests.pki import golden
from tests.pki.golden import Golden
from tests.service import Client, Person, Service

NAMES = ("ana", "bogdan", "carmen", "dan", "elena", "florin", "gina", "horia")
PEOPLE = dict.fromkeys(NAMES, service.PIN_P256) | {
    "paired": service.OTP_P256,
    "orderer": service.OTP_P256,
}


@dataclass
class TrustService:
    """The running instance and who is known to it."""

    service: Service
    people: dict[str, Person]
    backdoor: Backdoor
    clocks: list[TimeServer]
    """The time servers that it asks."""

    @property
    def url(self) -> str:
        """Of the public listener."""
        return self.service.settings.pki.base_url

    def pem(self, path: Path) -> bytes:
        """A certificate of the authorities, as OpenSSL likes it."""
        der = self.service.settings.path(path).read_bytes()
        return load_der_x509_certificate(der).public_bytes(Encoding.PEM)

    @property
    def root(self) -> bytes:
        """PEM."""
        return self.pem(app.CA_ROOT)

    @property
    def issuing(self) -> bytes:
        """PEM."""
        return self.pem(app.CA_ISSUING)


@pytest.fixture(scope="session")
def trust(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrustService]:
    """Started once; each test takes a person of its own."""
    directory = tmp_path_factory.mktemp("trust") / "instance"
    clocks = [TimeServer() for _ in range(4)]
    with ntp_servers.in_a_thread(*clocks):
        servers = [one.name for one in clocks]
        changes = {"pki.port": ports.free_port(), "pki.time_servers": servers}
        changes |= {"timestamp.own": True, "service.csc_v2": "2.1.0.1"}
        settings = service.create_instance(directory, **changes)
        people = asyncio.run(service.enrol(settings, PEOPLE))
        running = Service(settings, "web", "status", "authority")
        try:
            running.start()
            yield TrustService(running, people, Backdoor(settings), clocks)
        finally:
            ended = running.stop()
        assert ended == 0


@pytest.fixture(scope="session")
def others() -> Golden:
    """Authorities that are not ours."""
    return golden.golden()


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    """Connections."""
    async with aiohttp.ClientSession() as session:
        yield session


async def certificate_of(
    trust: TrustService, http: aiohttp.ClientSession, name: str
) -> x509.Certificate:
    """The certificate of somebody's one credential, as a client of v1 gets it."""
    client = Client(http, trust.service.base_url)
    person = trust.people[name]
    assert (await client.log_in(person)).status == 200
    [credential_id] = person.credentials.values()
    body = {"credentialID": credential_id, "certificates": "chain"}
    told = await client.post("credentials/info", body)
    return x509.Certificate.load(base64.b64decode(told.body["cert"]["certificates"][0]))
