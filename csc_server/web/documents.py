"""signDoc, signPolling, timestamp, and signHash with its modes: parse, call, render."""

from __future__ import annotations

from aiohttp import web

from csc_server.operations.timestamp import TimestampWish
from csc_server.web import answers, uploads
from csc_server.web.requests import (
    authorized,
    body,
    call,
    handle_of,
    principal,
    respond,
    sad_of,
    services,
    signer,
)
from csc_server.wire import documents, errors, v2
from policies.jobs import SigningResult


async def sign_hash(request: web.Request) -> web.Response:
    """signatures/signHash of v2, at once or later. (CSC v2 11.10)"""
    access, service = await authorized(request), services(request)
    raw = await body(request)
    parsed, mode = v2.parse_sign_hash(raw, sad_of(access, raw)), documents.parse_mode(raw)
    caller = await signer(request, parsed.credential_id)
    if mode.asynchronous:
        handle = await service.sign_hash.start(call(request), caller, parsed, mode.validity_ms)
        return respond(documents.render_accepted(handle))
    signatures = await service.sign_hash(call(request), caller, parsed)
    return respond(documents.render_signatures(SigningResult(signatures=tuple(signatures))))


async def sign_doc(request: web.Request) -> web.StreamResponse:
    """signatures/signDoc, at once or later. (CSC v2 11.11)"""
    access, service = await authorized(request), services(request)
    async with service.spool.room() as room:
        taken = await uploads.sign_doc(request, room, handle_of(access))
        wanted, mode = taken.request, taken.mode
        caller = await signer(request, wanted.credential_id)
        if mode.asynchronous:
            handle = await service.sign_doc.start(
                call(request), caller, wanted, room, mode.validity_ms
            )
            return respond(documents.render_accepted(handle))
        result = await service.sign_doc(call(request), caller, wanted, room)
        encoded_in = await answers.encode(service.desk, result, room.path, room)
        return answers.of(result, room.path, encoded_in=encoded_in)


async def poll(request: web.Request) -> web.StreamResponse:
    """signatures/signPolling. (CSC v2 11.12)"""
    caller, service = await principal(request), services(request)
    response_id = documents.parse_polling(await body(request))
    result = await service.poll(caller, response_id)
    kept = service.spool.results
    # A poll has a place of its own: the client may ask again while an answer goes out.
    async with service.spool.room() as room:
        encoded_in = await answers.encode(service.desk, result, kept, room)
        return answers.of(result, kept, encoded_in=encoded_in)


async def timestamp(request: web.Request) -> web.Response:
    """signatures/timestamp of both versions. (CSC v1 11.10, v2 11.13)"""
    operation = services(request).timestamp
    if operation is None:
        raise errors.MethodNotImplemented
    caller = await principal(request)
    parsed = documents.parse_timestamp(await body(request))
    wish = TimestampWish(parsed.digest, parsed.algorithm, parsed.nonce)
    return respond(documents.render_timestamp(await operation(caller, wish)))
