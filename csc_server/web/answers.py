"""Results of signing as JSON; what lies in files goes out piece by piece.

A file of a result is opened before the room that it lies in is given up: from then on it belongs
to the answer, and is gone with it.
"""

from __future__ import annotations

import asyncio
import base64
import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

import orjson
import structlog
from aiohttp import web
from aiohttp.abc import AbstractStreamWriter

from ades.desk import DeskError
from csc_server.ports.documents import Desk
from csc_server.web.patience import GRACE_S, SLOWEST_BYTES_PER_S
from csc_server.web.requests import JSON, respond
from csc_server.wire import documents
from csc_server.wire.bodies import PIECE_BYTES, Encode, encoded
from policies import errors as reasons
from policies.documents import SMALL_BYTES
from policies.jobs import SigningResult

_log = structlog.get_logger("csc_server")


async def encode(desk: Desk, result: SigningResult, directory: Path) -> bool:
    """Encode the files of a large result beforehand, in a child.

    False when they are small, or when the desk did not do it: then the answer encodes them as it
    goes, which costs others more, but no signature is lost that was made.
    """
    named = (*result.documents, *result.objects)
    files = tuple(directory / name for name in named)
    if sum(file.stat().st_size for file in files) <= SMALL_BYTES:
        return False
    try:
        await desk.do(Encode(files))
    except DeskError as reason:
        _log.warning("not_encoded_beforehand", reason=type(reason).__name__)
        return False
    return True


def of(
    result: SigningResult, directory: Path, *, already_encoded: bool = False
) -> web.StreamResponse:
    """The answer of signHash, signDoc and signPolling.

    Args:
        directory: Where the files of the result lie.
        already_encoded: See ``encode``.

    Raises:
        ResponseFailed: They are gone.
    """
    if not result.documents and not result.objects:
        return respond(documents.render_signatures(result))
    try:
        return FilesAnswer(result, directory, already_encoded=already_encoded)
    except FileNotFoundError as reason:
        raise reasons.ResponseFailed("its files are gone") from reason


class FilesAnswer(web.StreamResponse):
    """JSON with the base64 of files."""

    def __init__(
        self, result: SigningResult, directory: Path, *, already_encoded: bool = False
    ) -> None:
        """Afterwards the files are open."""
        super().__init__(headers={"Content-Type": JSON})
        self._already_encoded = already_encoded
        place = encoded if already_encoded else Path
        with ExitStack() as stack:
            members: dict[str, list[BinaryIO]] = {
                name: [stack.enter_context(place(directory / file).open("rb")) for file in files]
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
                for piece in [part] if isinstance(part, bytes) else self._pieces(part):
                    async with asyncio.timeout(GRACE_S + len(piece) / SLOWEST_BYTES_PER_S):
                        await self.write(piece)
                    # A client that reads fast enough never makes us wait: others are served too.
                    await asyncio.sleep(0)
        finally:
            # The last to have a file open frees all of it, which takes a while.
            await asyncio.to_thread(self._files.close)
        return writer

    def _length(self, part: bytes | BinaryIO) -> int:
        if isinstance(part, bytes):
            return len(part)
        size = os.fstat(part.fileno()).st_size
        return size if self._already_encoded else (size + 2) // 3 * 4

    def _pieces(self, file: BinaryIO) -> Iterator[bytes]:
        while piece := file.read(PIECE_BYTES):
            yield piece if self._already_encoded else base64.b64encode(piece)


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
