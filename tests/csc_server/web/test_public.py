"""The public listener over HTTP: what caches are told, who is too fast, what operators see."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import quote

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestClient, TestServer
from asn1crypto import ocsp
from yarl import URL

from csc_server.adapters.entropy import SystemEntropy
from csc_server.adapters.high_water import HighWaterFile
from csc_server.adapters.pacing import SourcePacing
from csc_server.adapters.publications import PublicDirectory
from csc_server.adapters.time_source import TrustedClock
from csc_server.operations.status.freshness import ANSWERS, LIST, Freshness
from csc_server.operations.status.stamp import StampTime
from csc_server.web import public
from csc_server.web.public import PUBLIC, Public
from hsm.interface import DeviceHealth
from pki import authority, crl, timestamps
from pki.ocsp.responders import Responders
from pki.timestamps import TimestampRequest
from policies import status
from policies.algorithms import HashAlgorithm
from policies.errors import TimestampRefused
from policies.status import OCSP_VALIDITY
from tests.csc_server.operations.status_world import World
from tests.pki import golden, ocsp_cases
from tests.pki.golden import NOW, POLICY, Golden
from tests.pki.test_tsa import EXTENSIONS, query

ALICE = 0xA1 << 100
HEALTHY = DeviceHealth(alive=1, wanted=1, queued=0, last_canary_at=NOW, restarts=0)
SECOND = timedelta(seconds=1)
STAMP = {"Content-Type": "application/timestamp-query"}
Http = TestClient[web.Request, web.Application]


@pytest.fixture
def pki() -> Golden:
    """The PKI of this run."""
    return golden.golden()


@pytest.fixture
async def world(pki: Golden, tmp_path: Path) -> World:
    """Alice has a certificate, and there is a list."""
    made = World(pki, tmp_path)
    made.register.put(ALICE)
    await made.settle()
    wanted = crl.List(made.issuer, 7, status.crl_window(NOW), ())
    listed = await crl.issue(wanted, authority.ALGORITHM, pki.issuing.sign)
    directory = PublicDirectory(tmp_path)
    directory.put("issuing.crl", listed)
    directory.put("issuing.cer", made.issuer)
    return made


@pytest.fixture
async def http(world: World, tmp_path: Path) -> AsyncIterator[Http]:
    """A client of a listener that lets two time-stamps and two live answers through at once."""
    clock, publications = world.clock, PublicDirectory(tmp_path)
    mark = HighWaterFile(tmp_path / "mark")
    application = web.Application(middlewares=[public.edge])
    public.install(application)
    application[PUBLIC] = Public(
        tell=world.tell(pacing=SourcePacing(2)),
        stamp=StampTime(
            unit=lambda: world.pki.unit,
            source=TrustedClock(clock),
            mark=mark,
            clock=clock,
            entropy=SystemEntropy(),
        ),
        stamp_pacing=SourcePacing(2),
        stamp_policies=(POLICY,),
        serves=lambda one: Responders([world.responder]).serves(one),
        publications=publications,
        clock=clock,
        health=lambda: HEALTHY,
        freshness=Freshness(
            sources={
                ANSWERS: lambda: world.refresh.oldest,
                LIST: lambda: crl.window(publications.get("issuing.crl") or b""),
            },
            clock=clock,
        ),
        kept=lambda: world.refresh.count,
        offset=lambda: world.offset,
    )
    async with TestClient(TestServer(application)) as client:
        yield client
    mark.close()


async def file(http: Http, name: str, **headers: str) -> tuple[int, str]:
    """Status of a GET, and the tag that came with it."""
    async with http.get(f"/{name}", headers=headers) as response:
        assert (await response.read() == b"") is (response.status == 304)
        return response.status, response.headers["ETag"]


async def test_a_copy_that_is_still_right_is_not_sent_again(http: Http, world: World) -> None:
    """By tag, also among others and marked weak; by time where there is no tag."""
    _, tag = await file(http, "issuing.crl")
    for held in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        assert await file(http, "issuing.crl", **{"If-None-Match": held}) == (304, tag)
    for held in ('"other"', tag[:-1]):
        assert (await file(http, "issuing.crl", **{"If-None-Match": held}))[0] == 200
    for since, code in ((NOW, 304), (NOW + SECOND, 304), (NOW - SECOND, 200)):
        asked = {"If-Modified-Since": format_datetime(since, usegmt=True)}
        assert (await file(http, "issuing.crl", **asked))[0] == code
    # The tag is the better witness (RFC 9110 13.2.2).
    both = {"If-None-Match": '"other"', "If-Modified-Since": format_datetime(NOW, usegmt=True)}
    assert (await file(http, "issuing.crl", **both))[0] == 200
    assert (await file(http, "issuing.cer"))[0] == 200


async def test_headers_of_a_list(http: Http) -> None:
    """Its type, and that a new one comes in an hour."""
    async with http.get("/issuing.crl") as response:
        assert response.content_type == "application/pkix-crl"
        assert response.headers["Cache-Control"].startswith("max-age=3600, public")
        assert response.headers["Last-Modified"] == format_datetime(NOW, usegmt=True)
    async with http.head("/issuing.crl") as response:
        assert response.status == 200


async def test_ocsp_by_head_is_refused(http: Http, world: World) -> None:
    """405: an answer without a body says nothing."""
    request = ocsp_cases.request(ocsp_cases.cert_id(world.issuer, ALICE))
    path = quote(base64.b64encode(request).decode(), safe="")
    async with http.head(URL(f"/ocsp/{path}", encoded=True)) as response:
        assert response.status == 405
    async with http.get(URL(f"/ocsp/{path}", encoded=True)) as response:
        assert response.status == 200


async def test_who_wants_too_many_answers_gets_those_made_in_advance(
    http: Http, world: World
) -> None:
    """Two with their nonce, the rest without; never an error of HTTP."""
    nonces = []
    for number in range(4):
        extension = ocsp_cases.nonce(bytes([number]) * 16)
        cert_id = ocsp_cases.cert_id(world.issuer, ALICE)
        body = ocsp_cases.request(cert_id, extensions=(extension,))
        async with http.post("/ocsp", data=body) as response:
            assert response.status == 200
            cached = "max-age" in response.headers["Cache-Control"]
            nonces.append(ocsp.OCSPResponse.load(await response.read()).nonce_value)
            assert cached is (nonces[-1] is None)
    assert [one is None for one in nonces] == [False, False, True, True]


async def test_who_wants_too_many_time_stamps_waits(http: Http, world: World) -> None:
    """429, until a second has passed."""
    codes = []
    for _ in range(3):
        async with http.post("/tsa", data=query(), headers=STAMP) as response:
            codes.append(response.status)
            told = response.headers.get("Retry-After")
    assert (codes, told) == ([200, 200, 429], "1")
    world.clock.time += SECOND
    async with http.post("/tsa", data=query(), headers=STAMP) as response:
        assert response.status == 200


async def test_an_extension_is_not_stamped(http: Http) -> None:
    """Critical or not: 200, and unacceptedExtension inside (RFC 3161 2.4.1)."""
    wanted = TimestampRequest(bytes(32), HashAlgorithm.SHA256, 1, None)
    body = query(digest=bytes(32), nonce=1, behind=EXTENSIONS)
    async with http.post("/tsa", data=body, headers=STAMP) as response:
        assert (response.status, response.headers["Cache-Control"]) == (200, "no-store")
        with pytest.raises(TimestampRefused, match="unaccepted_extension"):
            timestamps.token(wanted, await response.read())


async def ready(http: Http) -> int:
    """Status of the health check."""
    async with http.get("/health/ready") as response:
        return response.status


async def test_readiness_goes_by_age(http: Http, world: World) -> None:
    """Not ready from two thirds of the answers' life on; ready again with new ones."""
    world.clock.time += OCSP_VALIDITY * 2 / 3 - SECOND
    assert await ready(http) == 200
    world.clock.time += SECOND
    assert await ready(http) == 503
    await world.settle()
    assert await ready(http) == 200


async def test_metrics(http: Http, world: World) -> None:
    """Ages, counts, the clock; strangers' paths make no lines of their own."""
    world.clock.time += timedelta(hours=1)
    for path in ("/nothing-1", "/nothing-2", "/ocsp/AAAA", "/tsa"):
        async with http.get(path):
            pass
    async with http.get("/metrics") as response:
        text = await response.text()
    for line in (
        'paraph_status_age_seconds{what="ocsp"} 3600.0',
        'paraph_status_age_seconds{what="crl"} 3600.0',
        "paraph_ocsp_answers 2.0",
        "paraph_tsa_clock_offset_seconds NaN",
        "paraph_signers_alive 1.0",
    ):
        assert line in text
    assert "nothing" not in text
    world.offset = timedelta(milliseconds=-125)
    async with http.get("/metrics") as response:
        assert "paraph_tsa_clock_offset_seconds -0.125" in await response.text()
    assert "sms" not in text


async def test_any_web_server_can_stand_in(http: Http, world: World, tmp_path: Path) -> None:
    """A plain server of files over the directory gives the same bytes under the same address."""
    application = web.Application()
    application.router.add_static("/", tmp_path)
    request = ocsp_cases.request(ocsp_cases.cert_id(world.issuer, ALICE))
    path = quote(base64.b64encode(request).decode(), safe="")
    async with TestServer(application) as server, ClientSession() as session:
        url = URL(f"{server.make_url('/ocsp/')}{path}", encoded=True)
        async with session.get(url) as response:
            theirs = await response.read()
            assert response.headers["Last-Modified"] == format_datetime(NOW, usegmt=True)
    async with http.get(URL(f"/ocsp/{path}", encoded=True)) as response:
        assert await response.read() == theirs
