"""Bodies into files and files into answers: limits of size and time, and every byte."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from ades.desk import Lost, Work
from csc_server.adapters.entropy import SystemEntropy
from csc_server.adapters.spool import Spool, SpoolRoom
from csc_server.web import answers, patience, uploads
from csc_server.web.middleware import Handler, edge
from csc_server.web.patience import PATIENCE
from csc_server.wire.bodies import PIECE_BYTES
from policies.documents import SMALL_BYTES
from policies.errors import ResponseFailed
from policies.jobs import SigningResult, ValidationInfo

Edge = TestClient[web.Request, web.Application]
MOST = 500_000
ROOM_BYTES = 2 * uploads.TIMES_THE_BODY * MOST
SLOW_S = 0.4


@asynccontextmanager
async def serving(handler: Handler, limit_s: float = 5.0) -> AsyncIterator[Edge]:
    """A handler at ``/`` behind the middleware."""
    application = web.Application(middlewares=[edge(limit_s, SystemEntropy())])
    application.router.add_post("/", handler)
    json_type = {"Content-Type": "application/json"}
    async with TestClient(TestServer(application), headers=json_type) as client:
        yield client


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    """An empty one with room for two bodies."""
    spool = Spool(tmp_path / "spool", "web-0", ROOM_BYTES, SystemEntropy())
    spool.open()
    return spool


@pytest.fixture
async def room(spool: Spool) -> AsyncIterator[SpoolRoom]:
    """Of one request."""
    async with spool.room() as room:
        yield room


@pytest.fixture
async def client(spool: Spool) -> AsyncIterator[Edge]:
    """Tells the length of what arrived in a file."""

    async def receive(request: web.Request) -> web.Response:
        async with spool.room() as room:
            size = await uploads.receive(request, room, room.path / "body", MOST)
            assert (room.path / "body").stat().st_size == size
            return web.json_response({"size": size})

    async with serving(receive) as opened:
        yield opened


async def pieces(count: int, size: int, pause_s: float = 0.0) -> AsyncIterator[bytes]:
    """A body without a length, piece by piece."""
    for _ in range(count):
        yield bytes(size)
        await asyncio.sleep(pause_s)


async def test_up_to_the_limit(client: Edge, spool: Spool) -> None:
    """With and without a length, to the last byte; one more is 413."""
    for body in (bytes(MOST), pieces(10, MOST // 10), b""):
        async with client.post("/", data=body) as response:
            assert response.status == 200
    for body in (bytes(MOST + 1), pieces(11, MOST // 10)):
        async with client.post("/", data=body) as response:
            assert response.status == 413
    assert not list(spool.results.parent.glob("requests/*/*"))


async def test_another_type_is_refused_before_it_is_read(client: Edge) -> None:
    """JSON or nothing said."""
    async with client.post("/", data=b"x", headers={"Content-Type": "text/plain"}) as response:
        assert response.status == 415


async def test_a_full_spool_asks_to_come_back(client: Edge, spool: Spool) -> None:
    """503 while others have the room."""
    async with spool.room() as other:
        other.claim(ROOM_BYTES - 100)
        async with client.post("/", data=bytes(MOST)) as response:
            assert response.status == 503
            assert response.headers["Retry-After"] == "5"
    async with client.post("/", data=bytes(MOST)) as response:
        assert response.status == 200


async def test_a_body_may_be_slow_but_not_slower(
    client: Edge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """408 for a trickle; a body that keeps the pace takes longer than a request may."""
    monkeypatch.setattr(patience, "GRACE_S", SLOW_S)
    async with client.post("/", data=pieces(100, 1, pause_s=SLOW_S / 4)) as response:
        assert response.status == 408
        assert (await response.json())["error"] == "invalid_request"
    monkeypatch.setattr(patience, "SLOWEST_BYTES_PER_S", 10_000)
    async with client.post("/", data=pieces(10, 10_000, pause_s=SLOW_S / 4)) as response:
        assert response.status == 200


async def test_the_limit_of_a_request_starts_when_its_body_is_there() -> None:
    """What took long to arrive is worked on as long as anything else, and longer when large."""

    async def work(request: web.Request) -> web.Response:
        request[PATIENCE].receiving(0)
        await asyncio.sleep(SLOW_S)
        request[PATIENCE].working(patience.WORK_BYTES_PER_S if "large" in request.query else 0)
        await asyncio.sleep(SLOW_S)
        return web.Response()

    async with serving(work, SLOW_S / 2) as client:
        async with client.post("/") as response:
            assert response.status == 503
        async with client.post("/?large=1") as response:
            assert response.status == 200


class FakeDesk:
    """A desk that works here, or does not work."""

    def __init__(self, *, works: bool = True) -> None:
        self.works = works
        self.asked = 0

    async def do(self, work: Work[Any]) -> Any:
        """The result, or that there is none."""
        self.asked += 1
        if not self.works:
            raise Lost("the parent ended")
        return work.perform()


@pytest.mark.parametrize("works", [None, True, False], ids=["as it goes", "before", "lost"])
async def test_every_byte_of_every_file(
    tmp_path: Path, room: SpoolRoom, works: bool | None
) -> None:
    """Files of all lengths around those of a piece and of a block of them, gone before they are
    sent; encoded beforehand or not, and not where that did not work."""
    sizes = (0, 1, 2, 3, PIECE_BYTES, PIECE_BYTES + 1, 2 * PIECE_BYTES - 1, 10 * PIECE_BYTES + 1)
    contents = [os.urandom(size) for size in sizes]
    names = tuple(map(str, range(len(sizes))))
    info = ValidationInfo((b"ocsp",), (), (b"certificate", b"another"))
    result = SigningResult((), names[:4], names[4:], info)
    kept = tmp_path / "kept"
    kept.mkdir()

    async def answer(request: web.Request) -> web.StreamResponse:
        for name, content in zip(names, contents, strict=True):
            (kept / name).write_bytes(content)
        place = None
        if works is not None:
            place = await answers.encode(FakeDesk(works=works), result, kept, room)
        assert place == (room.path if works else None)
        made = answers.of(result, kept, encoded_in=place)
        for path in (*kept.iterdir(), *room.path.iterdir()):
            path.unlink()
        return made

    async with serving(answer) as client, client.post("/") as response:
        raw = await response.read()
        assert response.content_length == len(raw)
        assert response.content_type == "application/json"
        assert response.headers["Cache-Control"] == "no-store"
    body = json.loads(raw)
    found = body["DocumentWithSignature"] + body["SignatureObject"]
    assert [base64.b64decode(one, validate=True) for one in found] == contents
    assert body["validationInfo"] == {
        "ocsp": ["b2NzcA=="],
        "crl": [],
        "certificates": ["Y2VydGlmaWNhdGU=", "YW5vdGhlcg=="],
    }


async def test_small_files_need_no_child(tmp_path: Path, room: SpoolRoom) -> None:
    """Up to the size that a body may have without one, all together."""
    desk, half = FakeDesk(), SMALL_BYTES // 2
    result = SigningResult(documents=("one",), objects=("two",))
    for size, asked in ((half, 0), (half + 1, 1)):
        for name in ("one", "two"):
            (tmp_path / name).write_bytes(bytes(size))
        place = await answers.encode(desk, result, tmp_path, room)
        assert (place is not None) is bool(asked)
        assert desk.asked == asked


async def test_a_full_spool_costs_no_signature(
    tmp_path: Path, room: SpoolRoom, spool: Spool
) -> None:
    """Without room for what a child would encode, the answer encodes as it goes."""
    content = os.urandom(SMALL_BYTES + 1)
    (tmp_path / "large").write_bytes(content)
    result = SigningResult(documents=("large",))
    spool.claim(ROOM_BYTES - SMALL_BYTES)
    desk = FakeDesk()
    place = await answers.encode(desk, result, tmp_path, room)
    assert (place, desk.asked) == (None, 0)

    async def answer(request: web.Request) -> web.StreamResponse:
        return answers.of(result, tmp_path, encoded_in=place)

    async with serving(answer) as client, client.post("/") as response:
        [found] = (await response.json())["DocumentWithSignature"]
    assert base64.b64decode(found) == content


async def test_files_that_are_gone(tmp_path: Path, room: SpoolRoom) -> None:
    """A result without its files is none; those that were opened are closed again."""
    (tmp_path / "there").write_bytes(b"x")
    result = SigningResult(documents=("there", "gone"))
    with pytest.raises(ResponseFailed):
        answers.of(result, tmp_path)
    with pytest.raises(ResponseFailed):
        await answers.encode(FakeDesk(), result, tmp_path, room)


async def test_a_client_that_does_not_read_is_hung_up_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer holds its file no longer than the slowest client needs."""
    monkeypatch.setattr(answers, "GRACE_S", SLOW_S)
    monkeypatch.setattr(answers, "SLOWEST_BYTES_PER_S", 10**9)
    (tmp_path / "large").write_bytes(bytes(20 * 1024 * 1024))
    closed = asyncio.Event()

    class Watched(answers.FilesAnswer):
        async def prepare(self, request: web.BaseRequest) -> object:  # type: ignore[override]
            try:
                return await super().prepare(request)
            finally:
                closed.set()

    async def answer(request: web.Request) -> web.StreamResponse:
        return Watched(SigningResult(documents=("large",)), tmp_path)

    async with serving(answer) as client:
        line = socket.create_connection((client.host, client.port))
        line.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
        async with asyncio.timeout(10):
            await closed.wait()
        line.close()
