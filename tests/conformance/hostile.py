"""Servers that mean ill, or are merely broken, on a loopback port; written on bare sockets."""

from __future__ import annotations

import asyncio
import functools
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

Answering = Callable[[asyncio.StreamWriter], Awaitable[None]]
_OK: Final = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
_CHUNK: Final = b"x" * (64 << 10)


@functools.cache
def _bomb() -> bytes:
    return gzip.compress(bytes(100 << 20))


async def endless(writer: asyncio.StreamWriter) -> None:
    """A body that does not end."""
    writer.write(_OK + b"Transfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"%x\r\n%s\r\n" % (len(_CHUNK), _CHUNK))
        await writer.drain()


async def gigabyte(writer: asyncio.StreamWriter) -> None:
    """One gigabyte of JSON, announced."""
    writer.write(_OK + b"Content-Length: 1073741824\r\n\r\n" + b'{"specs": "')
    for _ in range((1 << 30) // len(_CHUNK)):
        writer.write(_CHUNK)
        await writer.drain()


async def bomb(writer: asyncio.StreamWriter) -> None:
    """A hundred megabytes in a hundred kilobytes of gzip, though nobody takes gzip."""
    body = _bomb()
    writer.write(_OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body) + body)


async def elsewhere(writer: asyncio.StreamWriter) -> None:
    """A redirect to another host."""
    writer.write(
        b"HTTP/1.1 307 Temporary Redirect\r\nLocation: http://localhost:1/csc/v2/info\r\n"
        b"Content-Length: 0\r\n\r\n"
    )


async def page(writer: asyncio.StreamWriter) -> None:
    """An HTML page of a proxy in place of every answer."""
    body = b"<html><body><h1>502 Bad Gateway</h1></body></html>"
    head = b"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n"
    writer.write(head % len(body) + body)


async def silent(writer: asyncio.StreamWriter) -> None:
    """No answer for ten minutes."""
    await asyncio.sleep(600)
    writer.write(_OK + b"Content-Length: 2\r\n\r\n{}")


async def drip(writer: asyncio.StreamWriter) -> None:
    """An octet now and then, without end."""
    writer.write(_OK + b"Content-Length: 1000000\r\n\r\n")
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.05)


async def broken_off(writer: asyncio.StreamWriter) -> None:
    """Half of the body that was announced."""
    writer.write(_OK + b'Content-Length: 100\r\n\r\n{"specs": "2.1')


async def nonsense(writer: asyncio.StreamWriter) -> None:
    """No HTTP at all."""
    writer.write(b"\x15\x03\x01\x00\x02\x02\x28 what do you want?\r\n\r\n" * 10)


async def headers(writer: asyncio.StreamWriter) -> None:
    """A megabyte of headers."""
    writer.write(_OK)
    writer.write(b"".join(b"X-%d: %s\r\n" % (one, b"y" * 1000) for one in range(1000)))
    writer.write(b"Content-Length: 2\r\n\r\n{}")


async def deep(writer: asyncio.StreamWriter) -> None:
    """JSON that is nested a hundred thousand times."""
    body = b'{"specs": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    writer.write(_OK + b"Content-Length: %d\r\n\r\n" % len(body) + body)


async def odd_types(writer: asyncio.StreamWriter) -> None:
    """An object in which nothing is of the type that it should be."""
    body = (
        b'{"specs": 2.1, "name": null, "logo": {}, "region": [], "lang": true, "authType": "basic",'
        b'"methods": {"credentials/list": 1}, "signAlgorithms": [], "oauth2": 7,'
        b'"credentialIDs": [1, null, {}], "error": ["x"], "access_token": {"a": 1}, "SAD": 1e999}'
    )
    writer.write(_OK + b"Content-Length: %d\r\n\r\n" % len(body) + body)


EVERY: Final = (
    endless,
    gigabyte,
    bomb,
    elsewhere,
    page,
    silent,
    drip,
    broken_off,
    nonsense,
    headers,
    deep,
    odd_types,
)


@asynccontextmanager
async def serving(answer: Answering) -> AsyncIterator[str]:
    """The base URL of a server that answers every request so."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            await answer(writer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # The suite has hung up, as it should.
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/csc/v2"
    finally:
        server.close()
