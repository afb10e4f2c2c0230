"""One request, one answer, whatever the server is like.

No redirect is followed, no compression is taken, an answer is read up to a number of bytes and for
a number of seconds. What a run may cost (requests, bytes, time) is counted here and nowhere else.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp

from conformance.answer import Answer
from conformance.errors import BadProfile, NotRun, Spent, Unreachable
from conformance.masking import Masker
from conformance.model import Exchange
from conformance.profile import Limits, Tls
from conformance.recording import record

SHOWN: Final = 4096
"""Bytes of a body that a report shows."""
DEAF: Final = 4
"""So many requests without an answer one after the other, and the server is left alone."""
_HEADERS_MAX: Final = 16 << 10
_CHUNK: Final = 64 << 10
_BURST_S: Final = 2.0
_PATIENT: Final = 5
"""Tries of one request that is answered 429."""
JSON: Final = ("Content-Type", "application/json")
FORM: Final = ("Content-Type", "application/x-www-form-urlencoded")


@dataclass(slots=True)
class Client:
    """Everything that is sent goes through ``request``."""

    session: aiohttp.ClientSession
    limits: Limits
    masker: Masker
    deadline: float
    """Of the event loop's clock."""
    requests: int = 0
    traffic: int = 0
    """Bytes sent and received."""
    deaf: int = 0
    strange_media: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Status and Content-Type of answers of the API that are not JSON, by path."""
    began: float = field(default_factory=time.monotonic)

    async def request(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Answer:
        """The answer to exactly these headers and this body.

        A server that says 429 is asked again when it wants to be, a few times.

        Raises:
            Unreachable: No usable answer.
            Spent: The budget does not allow it.
            NotRun: The server has not answered the last requests, or says 429 for longer than
                is waited.
        """
        for _ in range(_PATIENT):
            answer = await self._asked(method, url, headers, body)
            if answer.status != 429:
                return answer
            said = answer.header("Retry-After")
            wait_s = float(said) if said.isdecimal() else 1.0
            if wait_s > self.limits.wait_seconds:
                break
            await asyncio.sleep(wait_s)
        raise NotRun(f"the server limits the pace: 429, Retry-After {said or 'missing'}")

    async def _asked(
        self, method: str, url: str, headers: Mapping[str, str] | None, body: bytes
    ) -> Answer:
        patience = self._allowed()
        self.requests += 1
        began = time.monotonic()
        sent = tuple((headers or {}).items())
        status: int | None = None
        received: tuple[tuple[str, str], ...] = ()
        content, failure = b"", ""
        try:
            async with asyncio.timeout(patience):
                status, received, content = await self._exchange(method, url, sent, body)
        except TimeoutError:
            failure = f"no complete answer within {patience:.0f} s"
        except Unreachable as unreachable:
            failure = str(unreachable)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            failure = f"no usable answer: {self._reason(error)}"
        exchange = Exchange(
            method=method,
            url=self.masker.url(url),
            request_headers=self.masker.headers(sent),
            request_body=self._shown(body),
            status=status,
            response_headers=self.masker.headers(received),
            response_body=self._shown(content),
            failure=failure,
            duration_ms=(time.monotonic() - began) * 1000,
        )
        record(exchange)
        self.deaf = self.deaf + 1 if failure else 0
        await self._pace(len(body) + len(content) + 400)
        if failure or status is None:
            raise Unreachable(f"{urlsplit(url).path}: {failure}")
        answer = Answer(status, received, content)
        path = urlsplit(url).path
        for_api = dict(sent).get(JSON[0], "").startswith(JSON[1])
        if content and for_api and answer.media_type != "application/json":
            self.strange_media.setdefault(path, (status, answer.header("Content-Type")))
        return answer

    async def post(
        self, url: str, document: object, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """POST ``document`` as JSON."""
        body = json.dumps(document, ensure_ascii=False).encode()
        return await self.request(
            "POST", url, headers={JSON[0]: JSON[1], **(headers or {})}, body=body
        )

    async def _exchange(
        self, method: str, url: str, headers: tuple[tuple[str, str], ...], body: bytes
    ) -> tuple[int, tuple[tuple[str, str], ...], bytes]:
        async with self.session.request(
            method, url, headers=dict(headers), data=body or None, allow_redirects=False
        ) as response:
            content = bytearray()
            async for chunk in response.content.iter_chunked(_CHUNK):
                content += chunk
                self.traffic += len(chunk)
                if len(content) > self.limits.body_bytes:
                    raise Unreachable(f"answers with more than {self.limits.body_bytes} bytes")
            received = tuple((str(name), value) for name, value in response.headers.items())
            return response.status, received, bytes(content)

    def _allowed(self) -> float:
        """Seconds that the next request may take."""
        left = self.deadline - asyncio.get_running_loop().time()
        if self.requests >= self.limits.requests:
            raise Spent(f"the budget of {self.limits.requests} requests is used up")
        if left <= 0:
            raise Spent(f"the budget of {self.limits.seconds:.0f} seconds is used up")
        if self.deaf >= DEAF:
            raise NotRun(f"the server has not answered the last {self.deaf} requests")
        return min(left, self.limits.request_seconds)

    async def _pace(self, count: int) -> None:
        """Wait until the mean is below the limit again; two seconds' worth may come at once."""
        self.traffic += count
        due = self.traffic / self.limits.bytes_per_second - _BURST_S
        ahead = due - (time.monotonic() - self.began)
        if ahead > 0:
            await asyncio.sleep(ahead)

    def _shown(self, body: bytes) -> str:
        text = self.masker.body(body[: SHOWN * 4])
        return text if len(text) <= SHOWN else f"{text[:SHOWN]}… ({len(body)} bytes)"

    def _reason(self, error: Exception) -> str:
        text = self.masker.text(str(error)) or type(error).__name__
        return text if len(text) < 300 else f"{text[:300]}…"


@asynccontextmanager
async def connected(limits: Limits, tls: Tls, masker: Masker) -> AsyncIterator[Client]:
    """A client for one run.

    Raises:
        BadProfile: The certificates of ``tls`` cannot be read.
    """
    connector = aiohttp.TCPConnector(ssl=_context(tls), limit=32)
    options: dict[str, Any] = {
        "connector": connector,
        "timeout": aiohttp.ClientTimeout(total=None),
        "cookie_jar": aiohttp.DummyCookieJar(),
        "auto_decompress": False,
        "skip_auto_headers": ("Content-Type", "Accept-Encoding"),
        "max_line_size": _HEADERS_MAX,
        "max_field_size": _HEADERS_MAX,
    }
    async with aiohttp.ClientSession(**options) as session:
        deadline = asyncio.get_running_loop().time() + limits.seconds
        yield Client(session, limits, masker, deadline)


def _context(tls: Tls) -> ssl.SSLContext:
    context = ssl.create_default_context()
    try:
        if tls.ca_file:
            context.load_verify_locations(tls.ca_file)
        if tls.client_certificate:
            context.load_cert_chain(tls.client_certificate, tls.client_key or None)
    except (OSError, ssl.SSLError) as failure:
        raise BadProfile(f"[tls]: {failure}") from failure
    return context
