"""RFC 3161 over HTTP: the port ``TimestampAuthority``. (RFC 3161 3.4)

Talks to the one URL of the configuration, or to our own status process, and to nothing else: no
redirects, no proxy of the environment, no cookies, an answer of bounded size within a bounded time
(security-and-pki 5.6). What the answer must hold is ``pki.timestamps``.
"""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

import aiohttp

from csc_server.adapters.status_socket import SocketAddress
from csc_server.ports.documents import TimestampUnavailable
from pki import timestamps
from pki.timestamps import TimestampRequest
from policies.algorithms import HashAlgorithm

LONGEST_ANSWER: Final = 64 * 1024
"""A token with a chain of four RSA-4096 certificates is about 10 KiB."""


class HttpTimestampAuthority:
    """``async with``: one authority behind a URL; its connections are closed at the end."""

    def __init__(
        self, url: str, *, policy: str | None, timeout_s: float, socket: Path | None = None
    ) -> None:
        """Not connected yet.

        Args:
            url: Of the authority, ``http`` or ``https``.
            policy: OID of the policy to ask for; ``None`` leaves it to the authority.
            timeout_s: From question to answer.
            socket: Of the status process, where the authority is our own.
        """
        self._url, self._policy, self._socket = url, policy, socket
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)
        self._open = AsyncExitStack()
        self._http: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> HttpTimestampAuthority:
        """Ready to ask."""
        connector = None
        if self._socket is not None:
            address = SocketAddress(self._socket)
            self._open.callback(address.close)
            connector = aiohttp.UnixConnector(address.name)
        self._http = await self._open.enter_async_context(
            aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=self._timeout,
                trust_env=False,
            )
        )
        return self

    async def __aexit__(self, *failure: object) -> None:
        """Hang up."""
        await self._open.aclose()

    async def timestamp(self, digest: bytes, algorithm: HashAlgorithm, nonce: int) -> bytes:
        """See ``TimestampAuthority``."""
        request = TimestampRequest(digest, algorithm, nonce, self._policy)
        return timestamps.token(request, await self._ask(timestamps.encode(request)))

    async def _ask(self, query: bytes) -> bytes:
        if self._http is None:
            raise TimestampUnavailable("closed")
        headers = {"Content-Type": timestamps.QUERY_TYPE, "Accept": timestamps.REPLY_TYPE}
        try:
            async with self._http.post(
                self._url, data=query, headers=headers, allow_redirects=False
            ) as response:
                if response.status != 200 or response.content_type != timestamps.REPLY_TYPE:
                    raise TimestampUnavailable(f"{response.status} {response.content_type}")
                return await _bounded(response.content)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise TimestampUnavailable(type(error).__name__) from error


async def _bounded(content: aiohttp.StreamReader) -> bytes:
    answer = bytearray()
    async for chunk in content.iter_chunked(LONGEST_ANSWER):
        answer += chunk
        if len(answer) > LONGEST_ANSWER:
            raise TimestampUnavailable("an answer too long")
    return bytes(answer)
