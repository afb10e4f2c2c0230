"""Large bodies: into a file as they come, within limits of size and time. (security-and-pki 5.5)"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

from aiohttp import web

from ades.desk import OutOfMemory, Overdue, perform
from csc_server.ports.documents import Room, SpoolFull
from csc_server.web.patience import PATIENCE
from csc_server.web.requests import check_content_type, services
from csc_server.wire import bodies, errors
from csc_server.wire.bodies import TakeApart, Taken
from policies.documents import SMALL_BYTES
from policies.secret import Sad

TIMES_THE_BODY: Final = 2
"""What a request takes in the spool before its answer: its body and its documents, or these and
its results. What encodes the results asks for room itself."""

_BLOCK_BYTES: Final = 1024 * 1024
"""Written at once, in a thread."""


async def sign_doc(request: web.Request, room: Room, handle: Sad | None) -> Taken:
    """The body of signDoc; its documents lie in ``room``.

    Args:
        handle: The SAD that the access token is.

    Raises:
        ContentTypeWrong: See ``web.requests.check_content_type``.
        BodyTooLarge: Longer than it may be, or too large to be read.
        ConnectionGone: It ended before it was whole.
        SpoolFull: No room.
        Malformed, Refused: See ``wire.bodies``.
        DeskError: Not read.
    """
    service = services(request)
    path = room.path / "body"
    size = await receive(request, room, path, service.document_body_bytes)
    request[PATIENCE].working(size)
    work = TakeApart(path, room.path, handle)
    try:
        apart = perform(work) if size <= SMALL_BYTES else await service.desk.do(work)
    except (OutOfMemory, Overdue) as reason:
        # Within the limit of size, so made of very many small things.
        raise errors.BodyTooLarge from reason
    # It holds the SAD, and is as long as all documents together: to free that takes a while.
    await asyncio.to_thread(path.unlink)
    return bodies.taken(apart)


async def receive(request: web.Request, room: Room, path: Path, most_bytes: int) -> int:
    """Write the body to a new file; its length.

    Raises:
        ContentTypeWrong, BodyTooLarge, ConnectionGone, SpoolFull: As above.
    """
    check_content_type(request)
    if (request.content_length or 0) > most_bytes:
        raise errors.BodyTooLarge
    patience, received = request[PATIENCE], 0
    patience.receiving(received)
    try:
        with path.open("xb") as file:
            block = bytearray()
            async for chunk in request.content.iter_any():
                received += len(chunk)
                if received > most_bytes:
                    raise errors.BodyTooLarge
                patience.receiving(received)
                room.claim(TIMES_THE_BODY * len(chunk))
                block += chunk
                if len(block) >= _BLOCK_BYTES:
                    # A disk that is behind holds up whoever writes.
                    await asyncio.to_thread(file.write, block)
                    block = bytearray()
            await asyncio.to_thread(file.write, block)
    except ConnectionError as reason:
        raise errors.ConnectionGone from reason
    except OSError as reason:
        raise SpoolFull(type(reason).__name__) from reason
    return received
