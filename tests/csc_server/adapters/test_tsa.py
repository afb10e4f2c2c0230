"""The time-stamping adapter against an authority that lies, stalls and sends away.

Real tokens over real HTTP. (RFC 3161 2.4.2; security-and-pki 5.6)
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from asn1crypto import cms, tsp

from csc_server.adapters.tsa.http import HttpTimestampAuthority
from csc_server.ports.documents import TimestampUnavailable
from pki import timestamps
from pki.timestamps import TimestampRequest
from policies.algorithms import HashAlgorithm
from policies.errors import TimestampRefused
from tests.tsa import Authority

DIGEST = hashlib.sha256(b"signature value").digest()
NONCE = 0x1234567890ABCDEF
POLICY = "1.3.6.1.4.1.4146.2.2"
"""What pyHanko's stamper writes."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


async def ask(handler: Handler, policy: str | None = None, timeout_s: float = 5) -> bytes:
    """A token from an authority that answers like this."""
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", handler)
    async with TestServer(application) as server:
        url = str(server.make_url("/tsa"))
        async with HttpTimestampAuthority(url, policy=policy, timeout_s=timeout_s) as authority:
            return await authority.timestamp(DIGEST, HashAlgorithm.SHA256, NONCE)


async def test_a_right_answer() -> None:
    """The token alone comes back; query as RFC 3161 wants it."""
    authority = Authority()
    token = cms.ContentInfo.load(await ask(authority.handle, POLICY), strict=True)
    info = token["content"]["encap_content_info"]["content"].parsed
    assert info["message_imprint"]["hashed_message"].native == DIGEST
    (query,) = authority.queries
    assert query["cert_req"].native is True
    assert query["req_policy"].dotted == POLICY
    assert query["nonce"].native == NONCE


def _other_digest(query: tsp.TimeStampReq) -> tsp.TimeStampReq:
    query["message_imprint"]["hashed_message"] = bytes(32)
    return query


def _other_algorithm(query: tsp.TimeStampReq) -> tsp.TimeStampReq:
    # The same bytes under the name of another digest of that length.
    query["message_imprint"]["hash_algorithm"] = {"algorithm": "sha3_256"}
    return query


def _other_nonce(query: tsp.TimeStampReq) -> tsp.TimeStampReq:
    query["nonce"] = NONCE + 1
    return query


def _no_nonce(query: tsp.TimeStampReq) -> tsp.TimeStampReq:
    return tsp.TimeStampReq(
        {"version": "v1", "message_imprint": query["message_imprint"], "cert_req": True}
    )


@pytest.mark.parametrize("spoil", [_other_digest, _other_algorithm, _other_nonce, _no_nonce])
async def test_tokens_for_something_else(
    spoil: Callable[[tsp.TimeStampReq], tsp.TimeStampReq],
) -> None:
    """Another imprint, another algorithm, another nonce or none: refused, though signed."""
    with pytest.raises(TimestampRefused):
        await ask(Authority(spoil=spoil).handle)


async def test_another_policy() -> None:
    """A token under a policy that was not asked for."""
    with pytest.raises(TimestampRefused, match="policy"):
        await ask(Authority().handle, "1.2.3.4")


async def test_refusals_and_rubbish() -> None:
    """A rejection with its reason, a grant without a token, and what is no response at all."""
    request = TimestampRequest(DIGEST, HashAlgorithm.SHA256, NONCE, None)
    good = await Authority().answer(timestamps.encode(request))
    for answer in (
        _without_token({"status": "rejection", "fail_info": {"bad_alg"}}),
        _without_token({"status": "granted"}),
        b"",
        b"\x30\x00",
        b"<html>",
        good[:-1],
        good + b"\x00",
    ):
        with pytest.raises(TimestampRefused):
            timestamps.token(request, answer)
    with pytest.raises(TimestampRefused, match=r"rejection.*bad_alg"):
        timestamps.token(request, _without_token({"status": "rejection", "fail_info": {"bad_alg"}}))
    assert timestamps.token(request, good)


def _without_token(status: dict[str, Any]) -> bytes:
    return bytes([0x30, len(body := tsp.PKIStatusInfo(status).dump())]) + bytes(body)


async def test_a_token_that_is_no_token() -> None:
    """Granted, but the content is other signed data."""
    plain = {"version": "v1", "digest_algorithms": [], "signer_infos": []}
    signed = cms.SignedData(plain | {"encap_content_info": {"content_type": "data"}})
    token = cms.ContentInfo({"content_type": "signed_data", "content": signed})
    response = {"status": {"status": "granted"}, "time_stamp_token": token}
    request = TimestampRequest(DIGEST, HashAlgorithm.SHA256, NONCE, None)
    with pytest.raises(TimestampRefused):
        timestamps.token(request, tsp.TimeStampResp(response).dump())


def answering(**options: Any) -> Handler:
    """A handler that always gives this."""

    async def handle(request: web.Request) -> web.StreamResponse:
        return web.Response(**options)

    return handle


async def _elsewhere(request: web.Request) -> web.StreamResponse:
    if request.path == "/tsa":
        raise web.HTTPTemporaryRedirect("/other")
    return await Authority().handle(request)


async def _endless(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": timestamps.REPLY_TYPE})
    await response.prepare(request)
    for _ in range(100):
        await response.write(bytes(8192))
    return response


async def _silent(request: web.Request) -> web.StreamResponse:
    await asyncio.sleep(10)
    return web.Response()


@pytest.mark.parametrize(
    "handler",
    [
        answering(status=500, content_type=timestamps.REPLY_TYPE),
        answering(body=b"<html>", content_type="text/html"),
        _elsewhere,
        _endless,
        _silent,
    ],
    ids=["500", "html", "redirect", "endless", "silent"],
)
async def test_no_answer(handler: Handler) -> None:
    """Errors, other media types, redirects, floods and silence are all no answer."""
    with pytest.raises(TimestampUnavailable):
        await ask(handler, timeout_s=0.5)


async def test_nobody_there() -> None:
    """A refused connection; and an adapter that is closed."""
    authority = HttpTimestampAuthority("http://127.0.0.1:1/tsa", policy=None, timeout_s=1)
    with pytest.raises(TimestampUnavailable):
        await authority.timestamp(DIGEST, HashAlgorithm.SHA256, NONCE)
    async with authority:
        with pytest.raises(TimestampUnavailable):
            await authority.timestamp(DIGEST, HashAlgorithm.SHA256, NONCE)
