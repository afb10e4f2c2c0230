"""Asking the public listener, and what its answers say."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import aiohttp
from asn1crypto import ocsp, tsp
from yarl import URL

from csc_server import app
from pki import timestamps
from pki.timestamps import TimestampRequest
from tests.csc_server.status.conftest import TrustService
from tests.pki import ocsp_cases

STAMP = {"Content-Type": timestamps.QUERY_TYPE}
GONE = (aiohttp.ClientError, ConnectionError, TimeoutError)


@dataclass(frozen=True)
class Asker:
    """A client of the listener."""

    trust: TrustService
    http: aiohttp.ClientSession

    @property
    def issuer(self) -> bytes:
        """The authority's certificate, DER."""
        return self.trust.service.settings.path(app.CA_ISSUING).read_bytes()

    def request(self, serials: Sequence[int], nonce: bytes | None = None) -> bytes:
        """DER of an OCSPRequest."""
        ids = [ocsp_cases.cert_id(self.issuer, one) for one in serials]
        extensions = () if nonce is None else (ocsp_cases.nonce(nonce),)
        return ocsp_cases.request(*ids, extensions=extensions)

    async def words(self, *serials: int, nonce: bytes | None = None) -> list[str]:
        """What is said of each, or the reason why nothing is."""
        url = f"{self.trust.url}/ocsp"
        async with self.http.post(url, data=self.request(serials, nonce)) as response:
            assert response.status == 200
            return words(await response.read())

    async def by_get(self, serial: int) -> bytes:
        """The answer as nearly every client asks for it."""
        path = quote(base64.b64encode(self.request([serial])).decode(), safe="")
        async with self.http.get(URL(f"{self.trust.url}/ocsp/{path}", encoded=True)) as response:
            assert response.status == 200
            return await response.read()

    def file(self, serial: int) -> Path:
        """Where the answer made in advance lies."""
        name = base64.b64encode(self.request([serial])).decode().rstrip("/")
        return self.trust.service.settings.path(Path("public/ocsp")) / name

    async def made_in_advance(self, serial: int) -> None:
        """Return when the file is there: a new service has it a moment after it is ready."""
        for _ in range(300):
            if self.file(serial).exists():
                return
            await asyncio.sleep(0.1)
        raise AssertionError("no answer in advance")

    async def stamp(self, request: TimestampRequest) -> bytes:
        """The TimeStampResp."""
        body = timestamps.encode(request)
        async with self.http.post(f"{self.trust.url}/tsa", data=body, headers=STAMP) as response:
            assert response.status == 200
            return await response.read()


def words(answer: bytes) -> list[str]:
    """What an OCSPResponse says of each certificate, or the reason why it says nothing."""
    parsed = ocsp.OCSPResponse.load(answer)
    if parsed["response_status"].native != "successful":
        return [parsed["response_status"].native]
    return [one["cert_status"].name for one in parsed.response_data["responses"]]


def info_of(token: bytes) -> tsp.TSTInfo:
    """The TSTInfo of a TimeStampToken."""
    content = tsp.ContentInfo.load(token)["content"]
    return content["encap_content_info"]["content"].parsed
