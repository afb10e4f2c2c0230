"""Pushed authorization requests. (RFC 9126; CSC v2 8.4.3)"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tests.backdoor import Backdoor
from tests.csc_server.oauth import clients, jwt
from tests.csc_server.oauth.driver import Browser, Landing, Program

Of = Callable[..., Program]
URN = "urn:ietf:params:oauth:request_uri:"


async def _open(browser: Browser, request_uri: str, client_id: str = "contab") -> Landing:
    return await browser.authorize(2, client_id=client_id, request_uri=request_uri)


async def test_rfc9126_2_2_the_answer_to_a_push(program: Program) -> None:
    """201, a reference of 256 random bits, 90 seconds, not for caches; also under ``par``."""
    seen = set()
    for endpoint in ("pushed_authorize", "par"):
        reply = await program.post(endpoint, program.request(), headers=program.authorization())
        assert (reply.status, reply.body["expires_in"]) == (201, 90)
        assert reply.headers["Cache-Control"] == "no-store"
        uri = reply.body["request_uri"]
        assert uri.startswith(URN)
        assert len(uri) == len(URN) + 43
        seen.add(uri)
    assert len(seen) == 2


async def test_rfc9126_4_a_request_uri_leads_to_a_code(browser: Browser, program: Program) -> None:
    """State and redirect URI are those that were pushed; others beside it do not count."""
    uri = (await program.push()).body["request_uri"]
    landing = await browser.authorize(
        2,
        client_id="contab",
        request_uri=uri,
        state="other",
        redirect_uri="https://evil.example/",
        scope="account",
    )
    answer = await browser.allow(landing)
    assert (answer.path, answer.query["state"]) == (clients.CALLBACK, "xyz")
    assert (await program.redeem(answer.query["code"])).body["scope"] == "service"


async def test_rfc9126_4_a_request_uri_is_used_once(browser: Browser, program: Program) -> None:
    """Also by the same browser; of many at once one gets it."""
    uri = (await program.push()).body["request_uri"]
    landings = await asyncio.gather(*(_open(browser, uri) for _ in range(16)))
    assert sorted(one.status for one in landings) == [303] + [410] * 15
    assert (await _open(browser, uri)).status == 410


async def test_rfc9126_7_3_the_request_uri_of_another_client(
    browser: Browser, program: Program
) -> None:
    """Refused without a redirect, and still good for its own client."""
    uri = (await program.push()).body["request_uri"]
    stolen = await _open(browser, uri, "rival")
    assert (stolen.status, stolen.location) == (410, "")
    assert (await _open(browser, uri)).status == 303


@pytest.mark.parametrize(
    "uri", [URN + "a" * 43, "https://evil.example/request", URN, "x", "a\0b", "é"]
)
async def test_rfc9126_4_an_unknown_request_uri(browser: Browser, uri: str) -> None:
    """Nothing is fetched, nobody is redirected."""
    landing = await _open(browser, uri)
    assert (landing.status, landing.location) == (410, "")


async def test_rfc9126_2_1_no_request_uri_in_a_push(program: Program) -> None:
    """invalid_request."""
    first = (await program.push()).body["request_uri"]
    reply = await program.push(request_uri=first)
    assert reply.error == (400, "invalid_request", "Invalid parameter request_uri")


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": None}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "everything"}, "invalid_scope"),
        ({"scope": "registration"}, "invalid_scope"),
        ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"redirect_uri": "https://evil.example/"}, "invalid_request"),
        ({"redirect_uri": clients.CALLBACK + "#x"}, "invalid_request"),
        ({"state": "x" * 256}, "invalid_request"),
        ({"dpop_jkt": "x"}, "invalid_request"),
        ({"account_token": "x.y.z"}, "access_denied"),
        ({"scope": None, "authorization_details": "x"}, "invalid_authorization_details"),
    ],
)
async def test_rfc9126_2_3_a_push_is_checked_in_full(
    program: Program, changes: dict[str, Any], error: str
) -> None:
    """400 with the code of the authorization endpoint, as JSON."""
    reply = await program.push(**changes)
    assert (reply.status, reply.body["error"]) == (400, error)
    assert reply.body["error_description"]


async def test_rfc9126_2_1_a_push_is_authenticated(program: Program) -> None:
    """As at the token endpoint; nothing is kept for a stranger."""
    for headers in ({}, {"Authorization": "Basic Y29udGFiOndyb25n"}):
        reply = await program.post("pushed_authorize", program.request(), headers=headers)
        assert (reply.status, reply.body["error"]) == (401, "invalid_client")


async def test_rfc9126_2_1_the_client_of_a_push_is_the_authenticated_one(program: Program) -> None:
    """A ``client_id`` of somebody else beside it is refused."""
    reply = await program.push(client_id="rival")
    assert reply.error == (400, "invalid_request", "Invalid parameter client_id")


async def test_rfc9126_5_a_client_that_has_to_push(browser: Browser, program_of: Of) -> None:
    """Its browser requests are refused; its pushed ones are not."""
    pushy = program_of("pushy")
    landing = await browser.authorize(2, **pushy.request())
    assert landing.query["error"] == "invalid_request"
    uri = (await pushy.push()).body["request_uri"]
    assert (await _open(browser, uri, "pushy")).status == 303


async def test_public_clients_may_push(browser: Browser, program_of: Of) -> None:
    """RFC 9126 2.1: as at the token endpoint, so without a secret."""
    agent = program_of("vtoken", redirect_uri="http://127.0.0.1:4000/done")
    uri = (await agent.push()).body["request_uri"]
    answer = await browser.allow(await _open(browser, uri, "vtoken"))
    assert (await agent.redeem(answer.query["code"])).status == 200


async def test_security_5_7_pushes_are_limited(program_of: Of) -> None:
    """The client's own limit, here 3 a minute."""
    slow = program_of("slow")
    replies = [await slow.push() for _ in range(4)]
    assert [one.status for one in replies] == [201, 201, 201, 429]
    assert int(replies[-1].headers["Retry-After"]) > 0


@pytest.mark.parametrize("endpoint", ["pushed_authorize", "par", "token"])
async def test_rfc9126_2_an_assertion_may_be_for_where_it_is_pushed(
    program_of: Of, endpoint: str
) -> None:
    """The issuer, the token endpoint, or this endpoint's own address: servers MUST take each."""
    signer = program_of("signer")
    audience = f"{signer.base_url}/csc/v2/oauth2/{endpoint}"
    said = jwt.assertion(clients.KEY, "signer", audience)
    assert (await signer.push(client_assertion=said)).status == 201
    elsewhere = jwt.assertion(clients.KEY, "signer", f"{signer.base_url}/csc/v2/oauth2/authorize")
    refused = await signer.push(client_assertion=elsewhere)
    assert (refused.status, refused.body["error"]) == (401, "invalid_client")


async def test_rfc9126_2_2_a_request_uri_ends(
    browser: Browser, program: Program, backdoor: Backdoor
) -> None:
    """After its 90 seconds it is like any other."""
    uri = (await program.push()).body["request_uri"]
    backdoor.end_reference(uri)
    assert (await _open(browser, uri)).status == 410


async def test_rfc9126_4_a_made_up_request_uri_opens_no_session(
    browser: Browser, backdoor: Backdoor
) -> None:
    """Nothing is stored for it: a robot without a client's reference fills nothing."""
    stranger = Browser(browser.http, browser.base_url, None)
    before = backdoor.sessions()
    assert (await _open(stranger, URN + "b" * 43)).status == 410
    assert backdoor.sessions() == before


async def test_rfc9126_5_the_metadata(browser: Browser, program: Program) -> None:
    """Names the endpoint, and does not ask everybody to push: a browser's request is taken."""
    url = f"{program.base_url}/.well-known/oauth-authorization-server"
    async with program.http.get(url) as response:
        body = await response.json()
    endpoint = f"{program.base_url}/csc/v2/oauth2/pushed_authorize"
    assert body["pushed_authorization_request_endpoint"] == endpoint
    assert body["require_pushed_authorization_requests"] is False
    assert (await browser.authorize(2, **program.request())).path == "/approve"
