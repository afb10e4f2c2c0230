"""Results of signing as JSON; what lies in files goes out piece by piece.

A file of a result is opened before the room that it lies in is given up: from then on it belongs
to the answer, and is gone with it.
"""

from __future__ import annotations

import asyncio
import base64
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO, Final

import orjson
import structlog
from aiohttp import web
from aiohttp.abc import AbstractStreamWriter

from ades.desk import DeskError
from csc_server.ports.documents import Desk, Room, SpoolFull
from csc_server.web.patience import GRACE_S, SLOWEST_BYTES_PER_S
from csc_server.web.requests import JSON, respond
from csc_server.wire import documents
from csc_server.wire.bodies import PIECE_BYTES, Encode, encoded, encoded_size
from policies import errors as reasons
from policies.documents import SMALL_BYTES
from policies.jobs import SigningResult

_GONE: Final = "its files are gone"
_BLOCK_BYTES: Final = 10 * PIECE_BYTES
"""Read at once, in a thread."""

_log = structlog.get_logger("csc_server")


async def encode(desk: Desk, result: SigningResult, directory: Path, room: Room) -> Path | None:
    """Encode the files of a large result beforehand, in a child; where they lie then.

    ``None`` when they are small, or when the desk did not do it: then the answer encodes them as
    it goes, which costs others more, but no signature is lost that was made.

    Args:
        directory: Where the files of the result lie.
        room: Where they may lie encoded.

    Raises:
        ResponseFailed: They are gone.
    """
    files = tuple(directory / name for name in (*result.documents, *result.objects))
    try:
        sizes = [file.stat().st_size for file in files]
    except FileNotFoundError as reason:
        raise reasons.ResponseFailed(_GONE) from reason
    if sum(sizes) <= SMALL_BYTES:
        return None
    try:
        room.claim(sum(map(encoded_size, sizes)))
        await desk.do(Encode(files, room.path))
    except (DeskError, SpoolFull) as reason:
        _log.warning("not_encoded_beforehand", reason=type(reason).__name__)
        return None
    return room.path


def of(
    result: SigningResult, directory: Path, *, encoded_in: Path | None = None
) -> web.StreamResponse:
    """The answer of signHash, signDoc and signPolling.

    Args:
        directory: Where the files of the result lie.
        encoded_in: See ``encode``.

    Raises:
        ResponseFailed: They are gone.
    """
    if not result.documents and not result.objects:
        return respond(documents.render_signatures(result))
    try:
        return FilesAnswer(result, directory, encoded_in=encoded_in)
    except FileNotFoundError as reason:
        raise reasons.ResponseFailed(_GONE) from reason


class FilesAnswer(web.StreamResponse):
    """JSON with the base64 of files."""

    def __init__(
        self, result: SigningResult, directory: Path, *, encoded_in: Path | None = None
    ) -> None:
        """Afterwards the files are open."""
        super().__init__(headers={"Content-Type": JSON})
        self._already_encoded = encoded_in is not None
        with ExitStack() as stack:
            members: dict[str, list[BinaryIO]] = {
                name: [
                    stack.enter_context(_place(directory / file, encoded_in).open("rb"))
                    for file in files
                ]
                for name, files in documents.files_of(result).items()
            }
            further = documents.validation_info(result)
            self._parts: list[bytes | BinaryIO] = list(_parts(members, further))
            self.content_length = sum(map(self._length, self._parts))
            self._files = stack.pop_all()

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Send everything, as fast as the client takes it but not slower than it may."""
        try:
            writer = await super().prepare(request)
            for part in self._parts:
                pieces = _one(part) if isinstance(part, bytes) else self._pieces(part)
                async for piece in pieces:
                    async with asyncio.timeout(GRACE_S + len(piece) / SLOWEST_BYTES_PER_S):
                        await self.write(piece)
                    # A client that reads fast enough never makes us wait: others are served too.
                    await asyncio.sleep(0)
        finally:
            # The last to have a file open frees all of it, which takes a while; nobody waits for
            # that, so that nothing can end it.
            asyncio.get_running_loop().run_in_executor(None, self._files.close)
        return writer

    def _length(self, part: bytes | BinaryIO) -> int:
        if isinstance(part, bytes):
            return len(part)
        size = os.fstat(part.fileno()).st_size
        return size if self._already_encoded else encoded_size(size)

    async def _pieces(self, file: BinaryIO) -> AsyncIterator[bytes]:
        left = os.fstat(file.fileno()).st_size
        # A disk that is behind holds up whoever reads.
        while left and (block := await asyncio.to_thread(file.read, _BLOCK_BYTES)):
            left -= len(block)
            for start in range(0, len(block), PIECE_BYTES):
                piece = block[start : start + PIECE_BYTES]
                yield piece if self._already_encoded else base64.b64encode(piece)


async def _one(part: bytes) -> AsyncIterator[bytes]:
    yield part


def _place(file: Path, encoded_in: Path | None) -> Path:
    return file if encoded_in is None else encoded(file, encoded_in)


def _parts(
    members: dict[str, list[BinaryIO]], further: dict[str, list[str]] | None
) -> Iterator[bytes | BinaryIO]:
    before = b"{"
    for name, files in members.items():
        yield before + b'"%b":[' % name.encode()
        for number, file in enumerate(files):
            yield b',"' if number else b'"'
            yield file
            yield b'"'
        yield b"]"
        before = b","
    if further is not None:
        yield b',"validationInfo":' + orjson.dumps(further)
    yield b"}"
